import { after, type Timer } from '../../utils/time.js'

/** One timer for each job that has a task out. */
export class Deadlines {
  readonly #timers = new Map<string, Timer>()

  /** Calls `onLate` in `ms`, in place of whatever was set for this job. */
  set(jobId: string, ms: number, onLate: () => void): void {
    this.clear(jobId)
    const late = () => {
      this.#timers.delete(jobId)
      onLate()
    }
    this.#timers.set(jobId, after(ms, late))
  }

  clear(jobId: string): void {
    this.#timers.get(jobId)?.cancel()
    this.#timers.delete(jobId)
  }

  clearAll(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }
}
