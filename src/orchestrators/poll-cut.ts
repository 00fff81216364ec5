import { ResponseError, UnreachableError } from '../errors.js'

/** A shorter poll was not held, in ms: its orchestrator or a proxy refuses it. */
const HELD_MS = 1_000

/** With these answers proxies and load balancers end requests that are idle for too long. */
const CUT_STATUSES: ReadonlySet<number> = new Set([408, 502, 503, 504, 520, 522, 524, 598, 599])

/** So ends a connection that something on the way has closed before the response. */
const CUT_CODES: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/**
 * Something between this worker and the orchestrator ended a poll that was held. That is no failure: the orchestrator had no
 * task meanwhile. But it may still hold the poll, and give it a task.
 */
export class PollCut extends UnreachableError {
  readonly heldMs: number

  constructor(cause: Error, heldMs: number) {
    super(`Poll ended by a proxy or load balancer after ${(heldMs / 1_000).toFixed(0)} s: ${cause.message}`, {
      cause,
    })
    this.heldMs = heldMs
  }
}

/**
 * Returns whether a failed poll was held and then cut. Pure.
 *
 * @param heartbeatsPass - the orchestrator works, because it answers heartbeats
 */
export const isCut = (error: unknown, heldMs: number, heartbeatsPass: boolean): error is Error => {
  if (!heartbeatsPass || heldMs < HELD_MS) return false
  if (error instanceof UnreachableError) return CUT_CODES.has((error.cause as NodeJS.ErrnoException)?.code)
  return error instanceof ResponseError && CUT_STATUSES.has(error.status)
}
