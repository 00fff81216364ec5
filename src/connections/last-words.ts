import { within } from '../utils/time.js'

/** How long a worker that stops waits until the orchestrator has heard of it, in ms. */
const LAST_WORDS_MS = 2_000

/**
 * Resolves when all of this has been heard, or after 2 s. Without the wait the orchestrator would send tasks to a worker that
 * has ended.
 */
export const lastWords = (...heard: readonly Promise<void>[]): Promise<boolean> =>
  within(LAST_WORDS_MS, Promise.all(heard))
