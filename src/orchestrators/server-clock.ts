import type { ServerClock } from '../protocol/protocol.js'
import { wallMs } from '../utils/time.js'

/** `Date` has whole seconds and takes a moment to arrive: a smaller difference is none. */
const NOISE_MS = 2_000
/** How often the `Date` of an answer is looked at. */
const LOOK_MS = 10_000

/** The clock of an orchestrator, known by the `Date` of its answers. */
export class LearnedClock implements ServerClock {
  #aheadMs = 0
  #lookedAt = Number.NEGATIVE_INFINITY

  nowMs(): number {
    return wallMs() + this.#aheadMs
  }

  toLocalMs(serverMs: number): number {
    return serverMs - this.#aheadMs
  }

  /** @param date - the header of an answer that has just come */
  learn(date: string | readonly string[] | undefined): void {
    if (Math.abs(wallMs() - this.#lookedAt) >= LOOK_MS) this.correct(date)
  }

  /** As {@link learn}, however short ago it was looked at: the orchestrator has found the clock to be wrong. */
  correct(date: string | readonly string[] | undefined): void {
    const shown = typeof date === 'string' ? Date.parse(date) : Number.NaN
    if (Number.isNaN(shown)) return
    const now = wallMs()
    this.#lookedAt = now
    const aheadMs = shown + 500 - now
    this.#aheadMs = Math.abs(aheadMs) < NOISE_MS ? 0 : aheadMs
  }
}
