import { RateLimit } from '../rate-limit.js'
import type { Refusal } from '../refusal.js'
import type { Tokens } from './tokens.js'

/** What the door has to know. */
export interface DoorOptions {
  readonly workerToken: string
  readonly workerTokens: Readonly<Record<string, string>>
  readonly rateLimit?: { readonly requests: number; readonly windowMs: number }
  readonly tokens: Tokens
}

/** Whoever has come in. */
export interface Visitor {
  readonly workerId: string
}

/** What is counted on its own. */
export type MessageType =
  | 'register'
  | 'heartbeat'
  | 'poll'
  | 'result'
  | 'event'
  | 'sts_token'
  | 'sts_refresh'
  | 'websocket_auth'

const unauthorized = (why: string): Refusal => ({ status: 403, error: `Unauthorized: ${why}` })
/** The real one wraps it twice, and loses its `Retry-After` on the way. */
const TOO_MANY_REQUESTS: Refusal = { status: 429, error: '{"error": "Too Many Requests"}' }
/** Who has the common token and says no id. */
const NOBODY = 'unknown_authenticated_by_global_token'

/** Who may come in on the second generation's wire: by token and the id that goes with it. */
export class Door {
  readonly #options: DoorOptions
  readonly #limit: RateLimit | undefined

  constructor(options: DoorOptions) {
    this.#options = options
    this.#limit = options.rateLimit && new RateLimit(options.rateLimit)
  }

  /** @param workerId what the request says */
  open(token: string | undefined, workerId: string | undefined, type: MessageType): Visitor | Refusal {
    const visitor = this.#identify(token, workerId)
    if ('error' in visitor) return visitor
    return this.countsTooMuch(`${token} ${visitor.workerId} ${type}`) ?? visitor
  }

  countsTooMuch(key: string): Refusal | undefined {
    return this.#limit?.admits(key) === false ? TOO_MANY_REQUESTS : undefined
  }

  /** What a worker signs with: never a short-lived token. */
  keyOf(workerId: string): string {
    const { workerToken, workerTokens } = this.#options
    return (Object.hasOwn(workerTokens, workerId) && workerTokens[workerId]) || workerToken
  }

  #identify(token: string | undefined, workerId: string | undefined): Visitor | Refusal {
    if (!token) return unauthorized('Missing X-Worker-Token header or client certificate.')
    const owner = this.#options.tokens.ownerOf(token)
    if (owner !== undefined) {
      return workerId === undefined || owner === workerId
        ? { workerId: owner }
        : unauthorized(`Access Token belongs to '${owner}', but request is for '${workerId}'`)
    }
    return this.#identifyByLongLivedToken(token, workerId)
  }

  #identifyByLongLivedToken(token: string, workerId: string | undefined): Visitor | Refusal {
    const { workerToken, workerTokens } = this.#options
    if (workerId === undefined)
      return token === workerToken
        ? { workerId: NOBODY }
        : unauthorized('Invalid token or missing worker_id hint')
    if (token === this.keyOf(workerId)) return { workerId }
    return unauthorized(
      Object.hasOwn(workerTokens, workerId) ? 'Invalid individual worker token' : 'No valid token found',
    )
  }
}
