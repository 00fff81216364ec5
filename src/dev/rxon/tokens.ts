import { randomBytes } from 'node:crypto'
import { Expiring } from './expiring.js'

const ACCESS_S = 3600
const REFRESH_S = 86_400

/** Short-lived tokens: new ones leave the older ones as they are, and one to refresh with may be used again. */
export class Tokens {
  readonly #access = new Expiring<string>()
  readonly #refresh = new Expiring<string>()

  issue(workerId: string): object {
    const [access_token, refresh_token] = [newToken(), newToken()]
    this.#access.set(access_token, workerId, ACCESS_S * 1000)
    this.#refresh.set(refresh_token, workerId, REFRESH_S * 1000)
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
