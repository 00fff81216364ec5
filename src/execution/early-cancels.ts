/** How many are remembered for each source. */
const MOST_KEPT = 1_000

/**
 * Cancels of tasks that have not come yet. A job can be cancelled while its task still waits in the orchestrator's queue,
 * or is on its way in a poll: the command overtakes the task, which must not run when it comes.
 */
export class EarlyCancels<Source extends object> {
  readonly #idsBySource = new WeakMap<Source, Set<string>>()

  add(taskId: string, from: Source): void {
    const ids = this.#idsBySource.get(from) ?? new Set()
    this.#idsBySource.set(from, ids)
    ids.add(taskId)
    const [oldest] = ids
    if (ids.size > MOST_KEPT && oldest !== undefined) ids.delete(oldest)
  }

  /** Whether the task has been cancelled; that is forgotten then. */
  take(taskId: string, from: Source): boolean {
    return this.#idsBySource.get(from)?.delete(taskId) ?? false
  }
}
