import { type Backoff, fullJitter } from '../transport/backoff.js'

/** How many polls to keep open, and how long to pause between them. Pure. */
export interface PollPace {
  /** How many polls may be open at once, free slots permitting. */
  readonly goal: number
  /** Polls in a row that came back empty at once: the server does not hold them. */
  readonly hasty: number
}

export const ONE_POLL: PollPace = { goal: 1, hasty: 0 }

/** A task that came faster than this was waiting already: work is flowing. */
const FLOWING_MS = 500
/** A poll that came back empty faster than this was not held. */
const HELD_MS = 1_000
const HASTY: Omit<Backoff, 'baseMs'> = { capMs: 1_000 }

/** Doubles while tasks come at once; one less when a task kept its poll waiting. */
export const afterTask = ({ goal }: PollPace, elapsedMs: number, limit: number): PollPace => ({
  goal: elapsedMs < FLOWING_MS ? Math.min(goal * 2, limit) : Math.max(1, goal - 1),
  hasty: 0,
})

/** One poll suffices where there is nothing to fetch; a server that does not hold polls is asked ever less often. */
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
