import type { Identity } from '../journal/journal.js'
import { after, type Timer } from '../utils/time.js'

interface RaisedFence<T> {
  readonly owner: T
  readonly timer: Timer
}

/** Keeps tasks away from a worker id for as long as an orchestrator may hold a poll of a dead worker with that id. */
export class PollFence<T extends Identity> {
  readonly #onEnd: (owner: T) => void
  readonly #raised = new Map<string, RaisedFence<T>>()

  /** @param onEnd - called when the fence of `owner` ends, by its time or by {@link lift} */
  constructor(onEnd: (owner: T) => void) {
    this.#onEnd = onEnd
  }

  isUp(identity: Identity): boolean {
    return this.#raised.size > 0 && this.#raised.has(keyOf(identity))
  }

  /** Raises the fence of an identity for `ms` milliseconds. */
  raise(owner: T, ms: number): void {
    this.#raised.get(keyOf(owner))?.timer.cancel()
    const timer = after(ms, () => this.lift(owner))
    this.#raised.set(keyOf(owner), { owner, timer })
  }

  /** Ends the fence early. Does nothing without a fence. */
  lift(identity: Identity): void {
    const raised = this.#raised.get(keyOf(identity))
    if (!raised) return
    raised.timer.cancel()
    this.#raised.delete(keyOf(identity))
    this.#onEnd(raised.owner)
  }

  /** Removes all fences without calling back. */
  close(): void {
    for (const { timer } of this.#raised.values()) timer.cancel()
    this.#raised.clear()
  }
}

const keyOf = ({ url, workerId }: Identity): string => `${workerId} ${url}`
