import type { TaskOffer } from '../protocol/messages.js'

/** How many failing steps are remembered. */
const MOST = 1_000

/**
 * Counts how often this worker saw the same step of a job fail. Orchestrators number no attempts, and give each attempt
 * another task id.
 */
export class Attempts {
  /** By step, the one that failed last at the end. */
  readonly #failures = new Map<string, number>()

  /** Returns the number of the attempt that failed now: 1 for the first. */
  failed(offer: TaskOffer): number {
    const step = stepOf(offer)
    const count = (this.#failures.get(step) ?? 0) + 1
    this.#failures.delete(step)
    this.#failures.set(step, count)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MOST && oldest !== undefined) this.#failures.delete(oldest)
    return count
  }

  succeeded(offer: TaskOffer): void {
    if (this.#failures.size > 0) this.#failures.delete(stepOf(offer))
  }
}

/** Parallel branches of one step have ids without the prefix, and each is a step of its own. */
const stepOf = ({ jobId, taskId, taskName, step }: TaskOffer): string =>
  JSON.stringify([jobId, taskName, step, isBranch(taskId, step) ? taskId : undefined])

const isBranch = (taskId: string, step: number | undefined): boolean =>
  step !== undefined && !taskId.startsWith('task-')
