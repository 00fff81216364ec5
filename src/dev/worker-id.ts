import type { Refusal } from './refusal.js'

/** Longer than any id that a worker generates. Ids are kept with tokens and queues, so they have to have a limit. */
const MAX_LENGTH = 256

/** Returns why a worker id is refused, or `undefined`. The second generation checks the characters when a worker registers. */
export const refusalOfId = (workerId: string | undefined): Refusal | undefined =>
  workerId !== undefined && workerId.length > MAX_LENGTH
    ? { status: 400, error: `Invalid worker_id: it has more than ${MAX_LENGTH} characters` }
    : undefined
