import { randomBytes } from 'node:crypto'
import { ExpiringMap } from '../expiring-map.js'

const ACCESS_S = 3600
const REFRESH_S = 86_400

/** Short-lived tokens (STS). A new token leaves older ones valid, and a refresh token can be used more than once. */
export class Tokens {
  readonly #access = new ExpiringMap<string>(ACCESS_S * 1000)
  readonly #refresh = new ExpiringMap<string>(REFRESH_S * 1000)

  issue(workerId: string): object {
    const [access_token, refresh_token] = [newToken(), newToken()]
    this.#access.set(access_token, workerId)
    this.#refresh.set(refresh_token, workerId)
    return { access_token, expires_in: ACCESS_S, refresh_token, worker_id: workerId }
  }

  ownerOf(accessToken: string): string | undefined {
    return this.#access.get(accessToken)
  }

  ownerOfRefresh(refreshToken: string): string | undefined {
    return this.#refresh.get(refreshToken)
  }
}

const newToken = (): string => randomBytes(32).toString('base64url')
