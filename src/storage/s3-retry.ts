import { fullJitter } from '../transport/backoff.js'
import { sleep } from '../utils/time.js'

/** The number of attempts for a request. In each, the SDK makes its own attempts. */
export const ATTEMPTS = 5
const BACKOFF = { baseMs: 200, capMs: 5_000 }

/** Waits before the next attempt. Resolves as soon as the signal aborts: the next attempt fails then. */
export const pauseAfter = (failures: number, signal: AbortSignal): Promise<void> =>
  sleep(fullJitter(BACKOFF, failures, Math.random()), signal)
