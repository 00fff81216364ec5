import { fullJitter } from '../transport/backoff.js'
import { sleep } from '../utils/time.js'

/** How often what the SDK gives up is tried. */
export const ATTEMPTS = 5
const BACKOFF = { baseMs: 200, capMs: 5_000 }

/** Waits before the next attempt, which comes at once when the signal aborts, and finds that out. */
export const pauseAfter = (failures: number, signal: AbortSignal): Promise<void> =>
  sleep(fullJitter(BACKOFF, failures, Math.random()), signal)
