import { randomBytes } from 'node:crypto'
import { digestOf } from '../access/secrets.js'
import { DevClock } from '../clock.js'
import { ExpiringMap } from '../expiring-map.js'

const ACCESS_S = 3600
const REFRESH_S = 86_400

/**
 * Short-lived tokens (STS). A new token leaves older ones valid, and a refresh token can be used more than once. The keys are
 * digests, because the time of a lookup by digest tells nothing about the token.
 */
export class Tokens {
  readonly #access: ExpiringMap<string>
  readonly #refresh: ExpiringMap<string>

  constructor(clock = new DevClock()) {
    this.#access = new ExpiringMap(ACCESS_S * 1000, clock)
    this.#refresh = new ExpiringMap(REFRESH_S * 1000, clock)
  }

  issue(workerId: string): object {
    const [access_token, refresh_token] = [newToken(), newToken()]
    this.#access.set(digestOf(access_token), workerId)
    this.#refresh.set(digestOf(refresh_token), workerId)
    return { access_token, expires_in: ACCESS_S, refresh_token, worker_id: workerId }
  }

  ownerOf(accessToken: string): string | undefined {
    return this.#access.get(digestOf(accessToken))
  }

  ownerOfRefresh(refreshToken: string): string | undefined {
    return this.#refresh.get(digestOf(refreshToken))
  }
}

const newToken = (): string => randomBytes(32).toString('base64url')
