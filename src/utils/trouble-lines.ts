import { monotonicMs } from './time.js'

const MINUTE_MS = 60_000
/** So many different troubles a minute are told. A peer that words its error differently each time makes no more lines. */
const MOST_A_MINUTE = 5

/** Decides which troubles get a line in the log: each change once, not each attempt. */
export class TroubleLines {
  #last: string | undefined
  #told = 0
  #minuteEndsMs = Number.NEGATIVE_INFINITY

  /** Whether the trouble is another one than before, and may have a line. */
  isNew(trouble: string): boolean {
    if (trouble === this.#last) return false
    this.#last = trouble
    const nowMs = monotonicMs()
    if (nowMs >= this.#minuteEndsMs) {
      this.#minuteEndsMs = nowMs + MINUTE_MS
      this.#told = 0
    }
    this.#told++
    return this.#told <= MOST_A_MINUTE
  }

  /** The trouble is over: the same one would be new again. */
  over(): void {
    this.#last = undefined
  }
}
