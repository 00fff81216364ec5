/**
 * What the worker has learned about the rate limit of an orchestrator, for one kind of request.
 *
 * Every request extends the window of the published limiter, refused requests too. An early retry therefore prolongs the
 * limit. After a refusal the worker sends nothing for a pause. Each further refusal makes the pause longer, until a request
 * passes. The next refusal starts with the pause that worked.
 */
export interface Pace {
  /** The pause that worked the last time, in ms; 0 if none is known. */
  readonly learnedMs: number
  /** The pause after the last refusal, in ms; 0 after a request that passed. */
  readonly pauseMs: number
  /** Time of the last refusal, on the monotonic clock. */
  readonly refusedMs: number
  /** Time of the first refusal since a request passed, on the monotonic clock. */
  readonly sinceMs: number
}

export const UNLIMITED: Pace = { learnedMs: 0, pauseMs: 0, refusedMs: Number.NEGATIVE_INFINITY, sinceMs: 0 }

/** Every published orchestrator has a window of 60 s. The shorter pauses serve other limiters. */
const PAUSES_MS = [1_000, 4_000, 16_000, 60_000] as const
const MAX_PAUSE_MS = 60_000
/** Longest pause that a `Retry-After` can ask for, in ms. After it, another request shows whether the limit still holds. */
export const MAX_RETRY_AFTER_MS = 600_000
/** After this time without a refusal the learned pause is forgotten, in ms. */
const FORGET_MS = 600_000

const longerThan = (ms: number): number => PAUSES_MS.find((pauseMs) => pauseMs > ms) ?? MAX_PAUSE_MS

/**
 * The pace after a refusal. Pure.
 *
 * @param retryAfterMs - the `Retry-After` of the refusal; 0 counts as none
 */
export const refused = (pace: Pace, nowMs: number, retryAfterMs?: number): Pace => {
  const learnedMs = nowMs - pace.refusedMs > FORGET_MS ? 0 : pace.learnedMs
  const firstMs = learnedMs || longerThan(0)
  const ownMs = pace.pauseMs === 0 ? firstMs : longerThan(pace.pauseMs)
  const pauseMs = Math.min(retryAfterMs || ownMs, MAX_RETRY_AFTER_MS)
  return { learnedMs, pauseMs, refusedMs: nowMs, sinceMs: pace.pauseMs === 0 ? nowMs : pace.sinceMs }
}

/** The pace after a request that passed. Pure. */
export const passed = (pace: Pace): Pace =>
  pace.pauseMs === 0 ? pace : { ...pace, learnedMs: pace.pauseMs, pauseMs: 0 }

/** How long the worker must not send such a request, in ms. Pure. */
export const quietMs = (pace: Pace, nowMs: number): number =>
  Math.max(0, pace.refusedMs + pace.pauseMs - nowMs)

/** The window of every published limiter, and a second of network time. A longer limit is no matter of a moment, in ms. */
const LONG_MS = 61_000

/** When a limit of more than a minute ends, on the monotonic clock; `-Infinity` without such a limit. Pure. */
export const endOfLongLimit = ({ pauseMs, refusedMs, sinceMs }: Pace): number => {
  const endMs = refusedMs + pauseMs
  return pauseMs > 0 && endMs - sinceMs > LONG_MS ? endMs : Number.NEGATIVE_INFINITY
}

/** Whether requests should go one at a time, because a refusal is recent. Pure. */
export const isLimited = (pace: Pace, nowMs: number): boolean => nowMs - pace.refusedMs <= FORGET_MS
