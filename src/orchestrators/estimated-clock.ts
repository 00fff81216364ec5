import type { ServerClock } from '../protocol/protocol.js'
import { wallMs } from '../utils/time.js'

/** A smaller difference counts as none, because `Date` has whole seconds and takes time to arrive, in ms. */
const NOISE_MS = 2_000
/** How often the `Date` of a response is read, in ms. */
const READ_EVERY_MS = 10_000

/** The clock of one orchestrator, estimated from the `Date` headers of its responses. */
export class EstimatedClock implements ServerClock {
  #aheadMs = 0
  #readAtMs = Number.NEGATIVE_INFINITY

  /** How far the clock of the orchestrator is ahead of this machine's clock, in ms. */
  get aheadMs(): number {
    return this.#aheadMs
  }

  nowMs(): number {
    return wallMs() + this.#aheadMs
  }

  toLocalMs(serverMs: number): number {
    return serverMs - this.#aheadMs
  }

  /** Reads the `Date` header of a response that has just arrived, at most every ten seconds. */
  update(date: string | readonly string[] | undefined): void {
    if (Math.abs(wallMs() - this.#readAtMs) >= READ_EVERY_MS) this.correct(date)
  }

  /** Reads the `Date` header in any case, because the orchestrator refused a timestamp. */
  correct(date: string | readonly string[] | undefined): void {
    const serverMs = typeof date === 'string' ? Date.parse(date) : Number.NaN
    if (Number.isNaN(serverMs)) return
    const now = wallMs()
    this.#readAtMs = now
    // On average, half a second is cut off.
    const aheadMs = serverMs + 500 - now
    this.#aheadMs = Math.abs(aheadMs) < NOISE_MS ? 0 : aheadMs
  }
}
