import { AuthError, RateLimitError, ResponseError, UnreachableError } from '../errors.js'
import { fullJitter } from '../transport/backoff.js'

/** What to do with a result that was not taken. Pure. */
export type DeliveryVerdict =
  /** The orchestrator will never take it. */
  | 'refuse'
  /** The orchestrator takes no result at present: all of them wait. */
  | 'hold-all'
  /** Something is wrong with this one: it alone is tried again. */
  | 'retry'

const FINAL_STATUSES = new Set([400, 404, 405, 409, 410, 413, 422])

export const verdictOn = (error: unknown): DeliveryVerdict => {
  if (error instanceof UnreachableError || error instanceof RateLimitError || error instanceof AuthError)
    return 'hold-all'
  return error instanceof ResponseError && FINAL_STATUSES.has(error.status) ? 'refuse' : 'retry'
}

export interface RetryPolicy {
  /** Quick retries before a result is set aside. */
  readonly maxRetries: number
  readonly initialDelayMs: number
}

/** How often a result that was set aside is tried again. */
const ASIDE_MS = 60_000
const AUTH_MS = 30_000

/** How long to wait after the `failures`th failure in a row, in ms. */
export const pauseAfter = (error: unknown, failures: number, policy: RetryPolicy, dice: number): number => {
  const baseMs = error instanceof AuthError ? AUTH_MS : policy.initialDelayMs
  if (failures > policy.maxRetries) return Math.round(ASIDE_MS * (0.5 + dice / 2))
  return fullJitter({ baseMs, capMs: ASIDE_MS }, failures, dice)
}
