import { RateLimit } from './rate-limit.js'
import type { Refusal } from './refusal.js'

/** What the gate has to know. */
export interface GateOptions {
  readonly workerToken: string
  readonly workerTokens: Readonly<Record<string, string>>
  readonly rateLimit?: { readonly requests: number; readonly windowMs: number }
}

/** One request of a worker, before it is let in. */
export interface Visit {
  readonly token: string | undefined
  /** Undefined when the request names none. */
  readonly workerId: string | undefined
  /** What the requests are counted by, beside the path. */
  readonly countedAs: string
  readonly path: string
}

export const WORKER_TOKEN_HEADER = 'X-Worker-Token'

export const MISSING_WORKER_TOKEN: Refusal = { status: 401, error: `Missing ${WORKER_TOKEN_HEADER} header` }

const unauthorized = (why: string): Refusal => ({ status: 401, error: `Unauthorized: ${why}` })
const TOO_MANY_REQUESTS: Refusal = { status: 429, error: 'Too Many Requests' }

/** Who may pass: the same for HTTP and for the socket. */
export class Gate {
  readonly #options: GateOptions
  readonly #limit: RateLimit | undefined

  constructor(options: GateOptions) {
    this.#options = options
    this.#limit = options.rateLimit && new RateLimit(options.rateLimit)
  }

  /** Why the visit is refused; `undefined` lets it in. Only visits with a good token are counted. */
  refusalOf(visit: Visit): Refusal | undefined {
    return this.#refusalOfToken(visit) ?? this.#refusalOfRate(visit)
  }

  #refusalOfToken({ token, workerId }: Visit): Refusal | undefined {
    if (!token) return MISSING_WORKER_TOKEN
    const { workerToken, workerTokens } = this.#options
    const isCommon = token === workerToken
    if (workerId === undefined)
      return isCommon ? undefined : unauthorized('Invalid token or missing worker_id')
    if (Object.hasOwn(workerTokens, workerId)) {
      return token === workerTokens[workerId] ? undefined : unauthorized('Invalid individual worker token')
    }
    return isCommon ? undefined : unauthorized('No valid token found')
  }

  #refusalOfRate({ countedAs, path }: Visit): Refusal | undefined {
    return this.#limit?.admits(`${countedAs} ${path}`) === false ? TOO_MANY_REQUESTS : undefined
  }
}
