import type { Timer } from '../../utils/time.js'
import { DevClock } from '../clock.js'

/** One timer for each job whose task was dispatched. */
export class Deadlines {
  readonly #timers = new Map<string, Timer>()
  readonly #clock: DevClock
  #isClosed = false

  constructor(clock = new DevClock()) {
    this.#clock = clock
  }

  /** Calls `onLate` in `ms`, and replaces the earlier timer of this job. */
  set(jobId: string, ms: number, onLate: () => void): void {
    this.clear(jobId)
    if (this.#isClosed) return
    const late = () => {
      this.#timers.delete(jobId)
      onLate()
    }
    this.#timers.set(jobId, this.#clock.after(ms, late))
  }

  clear(jobId: string): void {
    this.#timers.get(jobId)?.cancel()
    this.#timers.delete(jobId)
  }

  /** Cancels every timer, and sets no more. */
  close(): void {
    this.#isClosed = true
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }
}
