import { after, type Timer } from '../../utils/time.js'
import { PriorityQueue } from './priority-queue.js'

interface HeldPoll<T> {
  readonly answer: (item: T | undefined) => void
  readonly hold: Timer
}

/**
 * One worker's items and its held polls: either of the two is always empty.
 *
 * A held poll does not know whether its client is still there. One that was abandoned waits on, and swallows the next
 * item: the real orchestrator does the same, and a worker has to live with it.
 */
export class PollQueue<T> {
  readonly #items = new PriorityQueue<T>()
  readonly #polls = new Set<HeldPoll<T>>()

  get isEmpty(): boolean {
    return this.#items.size === 0 && this.#polls.size === 0
  }

  /** Gives the item to the poll that has waited longest, or keeps it. */
  push(item: T, priority: number): void {
    const [oldest] = this.#polls
    if (oldest) this.#end(oldest, item)
    else this.#items.push(item, priority)
  }

  /** The next item, at once or within `holdMs`; `undefined` when none came. */
  next(holdMs: number): Promise<T | undefined> {
    if (this.#items.size > 0) return Promise.resolve(this.#items.pop())
    return new Promise((answer) => {
      const poll = { answer, hold: after(holdMs, () => this.#end(poll, undefined)) }
      this.#polls.add(poll)
    })
  }

  /** Answers every held poll with nothing. */
  release(): void {
    for (const poll of this.#polls) this.#end(poll, undefined)
  }

  #end(poll: HeldPoll<T>, item: T | undefined): void {
    poll.hold.cancel()
    this.#polls.delete(poll)
    poll.answer(item)
  }
}
