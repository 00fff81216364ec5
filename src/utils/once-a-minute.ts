import { monotonicMs } from './time.js'

const MINUTE_MS = 60_000

/** Allows one log line a minute, because a peer decides how often its reason occurs. */
export class OnceAMinute {
  #nextMs = Number.NEGATIVE_INFINITY
  #skipped = 0

  /** Returns fields for the line, with the number of lines that were skipped before it. Returns `undefined` if this line is skipped. */
  take(): { readonly skipped?: number } | undefined {
    const nowMs = monotonicMs()
    if (nowMs < this.#nextMs) {
      this.#skipped++
      return undefined
    }
    const skipped = this.#skipped
    this.#nextMs = nowMs + MINUTE_MS
    this.#skipped = 0
    return skipped > 0 ? { skipped } : {}
  }
}
