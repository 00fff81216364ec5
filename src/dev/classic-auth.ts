import { isSameSecret } from './access/secrets.js'
import type { DevClock } from './clock.js'
import type { DevSettings } from './options.js'
import { RateLimit } from './rate-limit.js'
import type { Refusal } from './refusal.js'
import { refusalOfId } from './worker-id.js'

/** The tokens of the workers, and how often a worker may ask. */
export type AuthSettings = Pick<DevSettings, 'workerToken' | 'workerTokens' | 'rateLimit'>

/** What identifies a request of a worker. */
export interface Credentials {
  readonly token: string | undefined
  /** `undefined` if the request names no worker. */
  readonly workerId: string | undefined
  /** The key of the rate limit, together with the path. */
  readonly countedAs: string
  readonly path: string
}

export const WORKER_TOKEN_HEADER = 'X-Worker-Token'

export const MISSING_WORKER_TOKEN: Refusal = { status: 401, error: `Missing ${WORKER_TOKEN_HEADER} header` }

const unauthorized = (reason: string): Refusal => ({ status: 401, error: `Unauthorized: ${reason}` })
const TOO_MANY_REQUESTS: Refusal = { status: 429, error: 'Too Many Requests' }

/** Authenticates the workers of the first generation, over HTTP and over the socket. */
export class ClassicAuth {
  readonly #settings: AuthSettings
  readonly #limit: RateLimit | undefined

  constructor(settings: AuthSettings, clock?: DevClock) {
    this.#settings = settings
    this.#limit = settings.rateLimit && new RateLimit(settings.rateLimit, clock)
  }

  /** Returns why a request is refused, or `undefined` if it is allowed. Only requests with a valid token are counted. */
  refusalOf(credentials: Credentials): Refusal | undefined {
    return (
      this.#refusalOfToken(credentials) ??
      refusalOfId(credentials.workerId) ??
      this.#refusalOfRate(credentials)
    )
  }

  #refusalOfToken({ token, workerId }: Credentials): Refusal | undefined {
    if (!token) return MISSING_WORKER_TOKEN
    const { workerToken, workerTokens } = this.#settings
    const isCommon = isSameSecret(token, workerToken)
    if (workerId === undefined)
      return isCommon ? undefined : unauthorized('Invalid token or missing worker_id')
    const own = Object.hasOwn(workerTokens, workerId) ? workerTokens[workerId] : undefined
    if (own !== undefined)
      return isSameSecret(token, own) ? undefined : unauthorized('Invalid individual worker token')
    return isCommon ? undefined : unauthorized('No valid token found')
  }

  #refusalOfRate({ countedAs, path }: Credentials): Refusal | undefined {
    return this.#limit?.admits(`${countedAs} ${path}`) === false ? TOO_MANY_REQUESTS : undefined
  }
}
