import { PriorityQueue } from '../queue/priority-queue.js'
import type { Job } from '../state/job.js'

/** Jobs that no worker could take, by task name: where the option `waitForWorker` keeps them. */
export class Shelf {
  readonly #byTask = new Map<string, PriorityQueue<string>>()

  add({ id, task, priority }: Job): void {
    const queue = this.#byTask.get(task) ?? new PriorityQueue<string>()
    this.#byTask.set(task, queue)
    queue.push(id, priority)
  }

  /** Takes everything that waits for this task: the highest priority first, then the oldest. */
  *take(task: string): Generator<string> {
    const queue = this.#byTask.get(task)
    this.#byTask.delete(task)
    for (let id = queue?.pop(); id !== undefined; id = queue?.pop()) yield id
  }
}
