import { DevClock } from '../clock.js'
import type { PollObserver } from '../watch/observer.js'
import { PollQueue } from './poll-queue.js'

/** Above it, polls end at once. A poll whose client has left is held, too. */
const MAX_HELD = 10_000

/** One queue for each worker id, whether the worker is registered or not. */
export class PollQueues<T extends object> {
  readonly #queues = new Map<string, PollQueue<T>>()
  readonly #clock: DevClock
  #closed = false
  #held = 0
  readonly #observer: PollObserver | undefined

  constructor(clock = new DevClock(), observer?: PollObserver) {
    this.#clock = clock
    this.#observer = observer
  }

  push(workerId: string, item: T, priority: number): void {
    this.#of(workerId).push(item, priority)
  }

  async next(workerId: string, holdMs: number): Promise<T | undefined> {
    if (this.#closed) return undefined
    const queue = this.#of(workerId)
    this.#held++
    this.#observer?.pollStarted(workerId)
    const item = await queue.next(this.#held > MAX_HELD ? 0 : holdMs)
    this.#held--
    this.#observer?.pollEnded(workerId, item)
    if (queue.isEmpty && this.#queues.get(workerId) === queue) this.#queues.delete(workerId)
    return item
  }

  /** Drops the queued items that are not wanted any more. */
  keep(isWanted: (item: T) => boolean): void {
    for (const [workerId, queue] of this.#queues) {
      queue.keep(isWanted)
      if (queue.isEmpty) this.#queues.delete(workerId)
    }
  }

  /** Ends the held polls of one worker. */
  release(workerId: string): void {
    this.#queues.get(workerId)?.release()
  }

  /** Ends every held poll. Later polls end at once. */
  close(): void {
    this.#closed = true
    for (const queue of this.#queues.values()) queue.release()
  }

  #of(workerId: string): PollQueue<T> {
    const queue = this.#queues.get(workerId) ?? new PollQueue<T>(this.#clock)
    this.#queues.set(workerId, queue)
    return queue
  }
}
