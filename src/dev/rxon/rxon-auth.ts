import { isSameSecret } from '../access/secrets.js'
import type { AuthSettings } from '../classic-auth.js'
import type { DevClock } from '../clock.js'
import { RateLimit } from '../rate-limit.js'
import type { Refusal } from '../refusal.js'
import { refusalOfId } from '../worker-id.js'
import type { Tokens } from './tokens.js'

/** The kinds of messages. Each kind has a rate limit of its own. */
export type MessageType =
  | 'register'
  | 'heartbeat'
  | 'poll'
  | 'result'
  | 'event'
  | 'sts_token'
  | 'sts_refresh'
  | 'websocket_auth'

const unauthorized = (reason: string): Refusal => ({ status: 403, error: `Unauthorized: ${reason}` })
/** The real orchestrator wraps this error twice, and loses `Retry-After` on the way. */
const TOO_MANY_REQUESTS: Refusal = { status: 429, error: '{"error": "Too Many Requests"}' }
/** The id of a worker that has the common token and names no id. */
const UNNAMED_WORKER = 'unknown_authenticated_by_global_token'

/** Authenticates the workers of the second generation. */
export class RxonAuth {
  readonly #settings: AuthSettings
  readonly #tokens: Tokens
  readonly #limit: RateLimit | undefined

  constructor(settings: AuthSettings, tokens: Tokens, clock?: DevClock) {
    this.#settings = settings
    this.#tokens = tokens
    this.#limit = settings.rateLimit && new RateLimit(settings.rateLimit, clock)
  }

  /**
   * Returns the id of the worker that sent a request, or why the request is refused.
   *
   * @param claimedId - the worker id that the request names
   */
  authenticate(
    token: string | undefined,
    claimedId: string | undefined,
    type: MessageType,
  ): string | Refusal {
    const workerId = this.#identify(token, claimedId)
    if (typeof workerId !== 'string') return workerId
    return refusalOfId(workerId) ?? this.refusalOfRate(`${token} ${workerId} ${type}`) ?? workerId
  }

  refusalOfRate(key: string): Refusal | undefined {
    return this.#limit?.admits(key) === false ? TOO_MANY_REQUESTS : undefined
  }

  /** The key with which a worker signs: never a short-lived token. */
  keyOf(workerId: string): string {
    const { workerToken, workerTokens } = this.#settings
    return (Object.hasOwn(workerTokens, workerId) && workerTokens[workerId]) || workerToken
  }

  #identify(token: string | undefined, claimedId: string | undefined): string | Refusal {
    if (!token) return unauthorized('Missing X-Worker-Token header or client certificate.')
    const owner = this.#tokens.ownerOf(token)
    if (owner === undefined) return this.#identifyByConfiguredToken(token, claimedId)
    return claimedId === undefined || owner === claimedId
      ? owner
      : unauthorized(`Access Token belongs to '${owner}', but request is for '${claimedId}'`)
  }

  #identifyByConfiguredToken(token: string, claimedId: string | undefined): string | Refusal {
    const { workerToken, workerTokens } = this.#settings
    if (claimedId === undefined)
      return isSameSecret(token, workerToken)
        ? UNNAMED_WORKER
        : unauthorized('Invalid token or missing worker_id hint')
    if (isSameSecret(token, this.keyOf(claimedId))) return claimedId
    return unauthorized(
      Object.hasOwn(workerTokens, claimedId) ? 'Invalid individual worker token' : 'No valid token found',
    )
  }
}
