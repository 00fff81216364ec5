import type { Timer } from '../../utils/time.js'
import { DevClock } from '../clock.js'
import { PriorityQueue } from './priority-queue.js'

interface HeldPoll<T> {
  answer(item: T | undefined): void
  readonly hold: Timer
}

/**
 * The queued items and the held polls of one worker. At least one of the two is empty.
 *
 * A held poll does not notice that its client disconnects, and takes the next item with it. The real orchestrator does the
 * same, and a worker has to cope with it.
 */
export class PollQueue<T> {
  readonly #items = new PriorityQueue<T>()
  readonly #polls = new Set<HeldPoll<T>>()
  readonly #clock: DevClock

  constructor(clock = new DevClock()) {
    this.#clock = clock
  }

  get isEmpty(): boolean {
    return this.#items.size === 0 && this.#polls.size === 0
  }

  /** Gives the item to the oldest held poll, or queues it. */
  push(item: T, priority: number): void {
    const [oldest] = this.#polls
    if (oldest) this.#end(oldest, item)
    else this.#items.push(item, priority)
  }

  /** Drops the queued items that are not wanted any more. */
  keep(isWanted: (item: T) => boolean): void {
    this.#items.keep(isWanted)
  }

  /** Resolves with the next item, or with `undefined` after `holdMs`. */
  next(holdMs: number): Promise<T | undefined> {
    if (this.#items.size > 0) return Promise.resolve(this.#items.pop())
    return new Promise((answer) => {
      const poll = { answer, hold: this.#clock.after(holdMs, () => this.#end(poll, undefined)) }
      this.#polls.add(poll)
    })
  }

  /** Ends every held poll without an item. */
  release(): void {
    for (const poll of this.#polls) this.#end(poll, undefined)
  }

  #end(poll: HeldPoll<T>, item: T | undefined): void {
    poll.hold.cancel()
    this.#polls.delete(poll)
    poll.answer(item)
  }
}
