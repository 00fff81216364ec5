/**
 * What has been learned about an orchestrator's rate limit, for one kind of request.
 *
 * The orchestrator's limiter pushes its window forward with every request, refused ones too: trying
 * again early keeps the door shut. So a refusal is answered by silence, each one longer than the last
 * until a request passes; that length is then where the next refusal starts.
 */
export interface Pace {
  /** The silence that worked the last time, in ms; 0 while nothing was learned. */
  readonly learnedMs: number
  /** The silence under way, in ms; 0 when the last request passed. */
  readonly silenceMs: number
  /** When the last refusal came. */
  readonly refusedAt: number
}

export const UNLIMITED: Pace = { learnedMs: 0, silenceMs: 0, refusedAt: Number.NEGATIVE_INFINITY }

/** 60 s is the window of every published orchestrator; the steps below it serve other limiters. */
const SILENCES_MS = [1_000, 4_000, 16_000, 60_000] as const
const LONGEST_MS = 60_000
/** Longer than this nobody stays away, whatever `Retry-After` says: a timer cannot, and a worker should not. */
const LONGEST_ASKED_MS = 3_600_000
/** After this long without a refusal, what was learned is forgotten. */
const FORGET_MS = 600_000

const longerThan = (ms: number): number => SILENCES_MS.find((step) => step > ms) ?? LONGEST_MS

/** The pace after a refusal; stay silent for its `silenceMs`. Where 0 ms are asked for, what was learned counts. */
export const refused = (pace: Pace, nowMs: number, retryAfterMs?: number): Pace => {
  const learnedMs = nowMs - pace.refusedAt > FORGET_MS ? 0 : pace.learnedMs
  const first = learnedMs || longerThan(0)
  const own = pace.silenceMs === 0 ? first : longerThan(pace.silenceMs)
  const silenceMs = Math.min(retryAfterMs || own, LONGEST_ASKED_MS)
  return { learnedMs, silenceMs, refusedAt: nowMs }
}

/** The pace after a request that passed. */
export const passed = (pace: Pace): Pace =>
  pace.silenceMs === 0 ? pace : { ...pace, learnedMs: pace.silenceMs, silenceMs: 0 }

/** How long to stay silent still, in ms. */
export const quietMs = (pace: Pace, nowMs: number): number =>
  Math.max(0, pace.refusedAt + pace.silenceMs - nowMs)

/** Whether requests are to go one by one, so that a refusal is met by one and not by many. */
export const isLimited = (pace: Pace, nowMs: number): boolean => nowMs - pace.refusedAt <= FORGET_MS
