import { PriorityQueue } from '../queue/priority-queue.js'
import type { Job } from '../state/job.js'

/** How many jobs may be added before those that were cancelled are dropped. */
const SWEEP_AFTER = 10_000

/** The ids of the jobs that wait for a worker, by task name. Only used with the option `waitForWorker`. */
export class WaitingJobs {
  readonly #byTask = new Map<string, PriorityQueue<string>>()
  #added = 0

  /** @param isWaiting - tells the jobs that still wait from those that were cancelled */
  add({ id, task, priority }: Job, isWaiting: (id: string) => boolean): void {
    if (++this.#added % SWEEP_AFTER === 0) this.#keep(isWaiting)
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

  #keep(isWaiting: (id: string) => boolean): void {
    for (const [task, queue] of this.#byTask) {
      queue.keep(isWaiting)
      if (queue.size === 0) this.#byTask.delete(task)
    }
  }
}
