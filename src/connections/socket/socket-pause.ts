import { AuthError, RateLimitError, ResponseError } from '../../errors.js'
import { fullJitter } from '../../transport/backoff.js'
import type { SocketEnd } from '../../transport/websocket.js'

/** The orchestrator closed the socket because another one of the same worker id came. */
export const isReplaced = (cause: Error | SocketEnd): boolean => 'silent' in cause && cause.code === 1008

const BACKOFF = { baseMs: 1_000, capMs: 30_000 }
/** Where patience is called for: from this to twice this, in ms. */
const SLOW_MS = 30_000
/** The window of every published limiter, which counts refused requests too. */
const LIMITED_MS = 60_000

/** Trying again soon would mend nothing, or throw out somebody else. */
export const callsForPatience = (cause: Error | SocketEnd): boolean =>
  isReplaced(cause) ||
  cause instanceof AuthError ||
  (cause instanceof ResponseError && (cause.status === 404 || cause.status === 429))

/** How long to wait before a socket is opened again, in ms. Pure. */
export const pauseBeforeSocket = (cause: Error | SocketEnd, failures: number, dice: number): number => {
  if (cause instanceof RateLimitError) return cause.retryAfterMs ?? LIMITED_MS
  return callsForPatience(cause) ? Math.round(SLOW_MS * (1 + dice)) : fullJitter(BACKOFF, failures, dice)
}
