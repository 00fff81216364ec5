import { AuthError, DowngradeError, RateLimitError, ResponseError, UnreachableError } from '../errors.js'
import { UnsendableError } from '../protocol/unsendable.js'
import { fullJitter, REFUSED_TOKEN } from '../transport/backoff.js'

/** What follows when an orchestrator did not take a result. */
export type DeliveryVerdict =
  /** The orchestrator will never take this result. */
  | 'refuse'
  /** The orchestrator cannot read this result. A short failure tells the job. */
  | 'replace'
  /** The orchestrator takes no results at present: all of them wait. */
  | 'hold-all'
  /** Only this result failed: it alone is retried. */
  | 'retry'

/** Each of them says something about the orchestrator and nothing about the result. */
const HOLDING = [UnreachableError, RateLimitError, AuthError, DowngradeError]
/** Invalid JSON or an unexpected shape (400), or a body that is too large (413). */
const UNREADABLE_STATUSES = new Set([400, 413])
const FINAL_STATUSES = new Set([404, 405, 409, 410, 422])

/** Pure. */
export const verdictOn = (error: unknown): DeliveryVerdict => {
  if (HOLDING.some((kind) => error instanceof kind)) return 'hold-all'
  if (error instanceof UnsendableError) return 'replace'
  if (!(error instanceof ResponseError)) return 'retry'
  if (UNREADABLE_STATUSES.has(error.status)) return 'replace'
  return FINAL_STATUSES.has(error.status) ? 'refuse' : 'retry'
}

/** How results are sent and retried. */
export interface DeliveryPolicy {
  /** The number of quick retries. After them a result is set aside and retried about once a minute. */
  readonly maxRetries: number
  /** The pause before the first retry, in ms. */
  readonly initialDelayMs: number
  /** The most results that are in flight to one orchestrator. */
  readonly atOnce: number
  /** The number of undelivered results at which no more tasks are taken. */
  readonly bound: number
}

/** The time between two attempts at a result that was set aside, in ms. */
const ASIDE_MS = 60_000

/** The pause after the `failures`th failure in a row, in ms. Pure: `dice` is a random number from 0 to 1. */
export const pauseAfter = (
  error: unknown,
  failures: number,
  { maxRetries, initialDelayMs }: Pick<DeliveryPolicy, 'maxRetries' | 'initialDelayMs'>,
  dice: number,
): number => {
  if (failures > maxRetries) return Math.round(ASIDE_MS * (0.5 + dice / 2))
  const backoff = error instanceof AuthError ? REFUSED_TOKEN : { baseMs: initialDelayMs, capMs: ASIDE_MS }
  return fullJitter(backoff, failures, dice)
}
