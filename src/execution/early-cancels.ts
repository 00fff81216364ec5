import { monotonicMs } from '../utils/time.js'

/** How many ids are remembered for each source. */
const MAX_IDS = 1_000
/**
 * How long an id is remembered, in ms. Many ids never match: of jobs, and of tasks that had just ended. They must not push
 * out the others.
 */
const KEEP_MS = 3_600_000

/**
 * Cancellations of tasks that have not come yet. A job can be cancelled while its task waits in the orchestrator's queue
 * or is on its way in a poll. The command overtakes the task, which must not run when it comes.
 */
export class EarlyCancels<Source extends object> {
  readonly #bySource = new WeakMap<Source, Map<string, number>>()

  add(id: string, from: Source): void {
    const ids = this.#bySource.get(from) ?? new Map<string, number>()
    this.#bySource.set(from, ids)
    const nowMs = monotonicMs()
    ids.delete(id)
    ids.set(id, nowMs)
    for (const [oldest, addedMs] of ids) {
      if (ids.size <= MAX_IDS && nowMs - addedMs <= KEEP_MS) return
      ids.delete(oldest)
    }
  }

  /** Whether the task has been cancelled. The cancellation is forgotten then. */
  take(taskId: string, from: Source): boolean {
    const ids = this.#bySource.get(from)
    const addedMs = ids?.get(taskId)
    if (!ids || addedMs === undefined) return false
    ids.delete(taskId)
    return monotonicMs() - addedMs <= KEEP_MS
  }
}
