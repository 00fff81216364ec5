import { after, monotonicMs, type Timer, wallMs } from '../utils/time.js'

interface Pending {
  readonly dueMs: number
  readonly action: () => void
  timer: Timer
}

/**
 * A clock for tests. It runs with the clock of the machine. A test can move it forward or make its date wrong.
 *
 * @example
 * const clock = new TestClock()
 * const run = runTask(resize, { width: 320 }, { deadlineMs: 60_000, clock })
 * clock.advance(60_000) // the deadline of the task has passed
 */
export class DevClock {
  readonly #pending = new Set<Pending>()
  /** How far the clock was moved forward, in ms. */
  #aheadMs = 0
  /** The error of the date, in ms. It does not change durations. Default: 0. */
  skewMs = 0

  /** Returns milliseconds that never decrease. */
  monotonicMs(): number {
    return monotonicMs() + this.#aheadMs
  }

  /** Returns milliseconds since 1970. */
  wallMs(): number {
    return wallMs() + this.#aheadMs + this.skewMs
  }

  /** Whether the date differs from the date of the machine. */
  get isMoved(): boolean {
    return this.#aheadMs + this.skewMs !== 0
  }

  /** Calls `action` once, after `ms` milliseconds of this clock. */
  after(ms: number, action: () => void): Timer {
    const dueMs = this.monotonicMs() + ms
    const pending: Pending = { dueMs, action, timer: after(ms, () => this.#fire(pending)) }
    this.#pending.add(pending)
    return {
      cancel: () => {
        this.#pending.delete(pending)
        pending.timer.cancel()
      },
    }
  }

  /**
   * Moves the clock forward by `ms` milliseconds. Actions that are due by then run now, the earliest first.
   *
   * @throws RangeError if `ms` is not a number of milliseconds, 0 or more
   */
  advance(ms: number): void {
    if (!(Number.isFinite(ms) && ms >= 0)) throw new RangeError(`Clock not moved: ${ms} is no number of ms`)
    this.#aheadMs += ms
    const nowMs = this.monotonicMs()
    const all = [...this.#pending].sort((a, b) => a.dueMs - b.dueMs)
    for (const pending of all) {
      if (!this.#pending.has(pending)) continue
      pending.timer.cancel()
      if (pending.dueMs <= nowMs) this.#fire(pending)
      else pending.timer = after(pending.dueMs - nowMs, () => this.#fire(pending))
    }
  }

  #fire(pending: Pending): void {
    this.#pending.delete(pending)
    pending.action()
  }
}
