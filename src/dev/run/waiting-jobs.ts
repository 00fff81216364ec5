import { PriorityQueue } from '../queue/priority-queue.js'
import type { Job } from '../state/job.js'

/** The ids of the jobs that wait for a worker, by task name. Only used with the option `waitForWorker`. */
export class WaitingJobs {
  readonly #byTask = new Map<string, PriorityQueue<string>>()

  add({ id, task, priority }: Job): void {
    const queue = this.#byTask.get(task) ?? new PriorityQueue<string>()
    this.#byTask.set(task, queue)
    queue.push(id, priority)
  }

  /** Removes and yields the jobs that wait for this task: the highest priority first, then the oldest. */
  *take(task: string): Generator<string> {
    const queue = this.#byTask.get(task)
    this.#byTask.delete(task)
    for (let id = queue?.pop(); id !== undefined; id = queue?.pop()) yield id
  }
}
