import { PollQueue } from './poll-queue.js'

/** One queue for each worker id, whether the worker is registered or not. */
export class PollQueues<T> {
  readonly #queues = new Map<string, PollQueue<T>>()
  #closed = false

  push(workerId: string, item: T, priority: number): void {
    this.#of(workerId).push(item, priority)
  }

  async next(workerId: string, holdMs: number): Promise<T | undefined> {
    if (this.#closed) return undefined
    const queue = this.#of(workerId)
    const item = await queue.next(holdMs)
    if (queue.isEmpty && this.#queues.get(workerId) === queue) this.#queues.delete(workerId)
    return item
  }

  /** Ends every held poll. Later polls end at once. */
  close(): void {
    this.#closed = true
    for (const queue of this.#queues.values()) queue.release()
  }

  #of(workerId: string): PollQueue<T> {
    const queue = this.#queues.get(workerId) ?? new PollQueue<T>()
    this.#queues.set(workerId, queue)
    return queue
  }
}
