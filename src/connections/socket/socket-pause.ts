import { AuthError, RateLimitError, ResponseError } from '../../errors.js'
import { fullJitter } from '../../transport/backoff.js'
import { MAX_RETRY_AFTER_MS } from '../../transport/pace.js'
import type { SocketEnd } from '../../transport/websocket.js'

const BACKOFF = { baseMs: 1_000, capMs: 30_000 }
/** A cooldown lasts between this and twice this, in ms. */
const COOLDOWN_MS = 30_000
/** The window of every published rate limiter, in ms. The limiters count refused requests too. */
const LIMIT_WINDOW_MS = 60_000

/** The orchestrator closed the socket because another one with the same worker id opened. */
export const isReplaced = (cause: Error | SocketEnd): boolean => 'silent' in cause && cause.code === 1008

/** Whether an early retry would be useless, or take the socket from another worker. */
export const needsCooldown = (cause: Error | SocketEnd): boolean =>
  isReplaced(cause) ||
  cause instanceof AuthError ||
  (cause instanceof ResponseError && (cause.status === 404 || cause.status === 429))

/**
 * The pause before the next handshake, in ms. Pure.
 *
 * @param cause - how the last handshake failed, or how the socket ended
 * @param failures - consecutive failures including the last one (1, 2, …)
 * @param dice - a random number from 0 to 1
 */
export const pauseBeforeSocket = (cause: Error | SocketEnd, failures: number, dice: number): number => {
  if (cause instanceof RateLimitError)
    return Math.min(cause.retryAfterMs || LIMIT_WINDOW_MS, MAX_RETRY_AFTER_MS)
  return needsCooldown(cause) ? Math.round(COOLDOWN_MS * (1 + dice)) : fullJitter(BACKOFF, failures, dice)
}
