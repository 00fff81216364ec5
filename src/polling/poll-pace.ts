import { type Backoff, fullJitter } from '../transport/backoff.js'

/** How many polls to keep open. */
export interface PollPace {
  /** How many polls may be open at once, if slots are free. */
  readonly goal: number
  /** How many polls in a row came back empty at once: the server does not hold polls. */
  readonly hasty: number
}

export const ONE_POLL: PollPace = { goal: 1, hasty: 0 }

/** A task that came faster than this, in ms, was waiting already: work is flowing. */
const FLOWING_MS = 500
/** A poll that came back empty faster than this, in ms, was not held. */
const HELD_MS = 1_000
const HASTY: Omit<Backoff, 'baseMs'> = { capMs: 1_000 }

/** The goal doubles while tasks come at once, and shrinks by one when a poll had to wait for its task. Pure. */
export const afterTask = ({ goal }: PollPace, elapsedMs: number, limit: number): PollPace => ({
  goal: elapsedMs < FLOWING_MS ? Math.min(goal * 2, limit) : Math.max(1, goal - 1),
  hasty: 0,
})

/** One poll is enough if there is nothing to fetch. A server that does not hold polls is asked ever less often. Pure. */
export const afterEmpty = (
  { hasty }: PollPace,
  elapsedMs: number,
  idleDelayMs: number,
): PollPace & { readonly pauseMs: number } => {
  if (elapsedMs >= HELD_MS) return { ...ONE_POLL, pauseMs: idleDelayMs }
  const failures = hasty + 1
  return {
    goal: 1,
    hasty: failures,
    pauseMs: fullJitter({ ...HASTY, baseMs: Math.max(1, idleDelayMs) }, failures, 1),
  }
}
