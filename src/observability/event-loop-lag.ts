import type { IntervalHistogram } from 'node:perf_hooks'
import { measureLoopDelay, monotonicMs } from '../utils/time.js'
import type { Quantiles } from './write-text.js'

const RESOLUTION_MS = 20
/** The quantiles come from a time that is at least this long, in ms, so several scrapers get useful ones. */
const WINDOW_MS = 10_000
const QUANTILES = [0.5, 0.9, 0.99, 1] as const

const NONE: Quantiles = { quantiles: QUANTILES.map((quantile) => [quantile, 0]), sum: 0, count: 0 }

/** How late the event loop runs. Measures from the first {@link read} on, because the measurement costs something. */
export class EventLoopLag {
  #delays: IntervalHistogram | undefined
  #isClosed = false
  #sinceMs = 0
  #last = NONE
  /** The sum and the count before the present window. */
  #sum = 0
  #count = 0

  read(): Quantiles {
    if (this.#isClosed) return this.#last
    if (!this.#delays) {
      this.#delays = measureLoopDelay(RESOLUTION_MS)
      this.#sinceMs = monotonicMs()
      return this.#last
    }
    const { count, mean } = this.#delays
    const sum = this.#sum + (count === 0 ? 0 : seconds(mean) * count)
    const total = this.#count + count
    const isFirst = this.#count === 0
    const isOver = monotonicMs() - this.#sinceMs >= WINDOW_MS
    const { quantiles } = isFirst || isOver ? this.#quantiles(this.#delays) : this.#last
    this.#last = { quantiles, sum, count: total }
    if (!isOver) return this.#last
    this.#sinceMs = monotonicMs()
    this.#sum = sum
    this.#count = total
    this.#delays.reset()
    return this.#last
  }

  close(): void {
    this.#isClosed = true
    this.#delays?.disable()
  }

  #quantiles(delays: IntervalHistogram): Pick<Quantiles, 'quantiles'> {
    if (delays.count === 0) return NONE
    return { quantiles: QUANTILES.map((each) => [each, seconds(delays.percentile(each * 100))]) }
  }
}

/** The delays are in ns, and include the time that the measurement waits. */
const seconds = (ns: number): number =>
  Math.max(0, Math.round(ns / 1_000) - RESOLUTION_MS * 1_000) / 1_000_000
