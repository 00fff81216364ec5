/** How many seconds are kept. */
const KEPT_SECONDS = 900
/** How many latencies of one second are kept, for its percentiles. */
const MAX_LATENCIES = 1_000

interface Second {
  readonly at: number
  created: number
  done: number
  failed: number
  readonly latencies: number[]
}

/** One second: its start in seconds since 1970, the numbers of jobs, and latencies in ms (`null` if no job ended). */
export type RatePoint = readonly [
  at: number,
  created: number,
  done: number,
  failed: number,
  p50: number | null,
  p95: number | null,
]

/** Counts the jobs of each second of the last 15 minutes. Seconds without a job take no memory. */
export class Rates {
  readonly #seconds: Second[] = []

  created(nowMs: number): void {
    this.#at(nowMs).created++
  }

  /** @param latencyMs - from the creation of the job to its end */
  ended(nowMs: number, isSuccess: boolean, latencyMs: number): void {
    const second = this.#at(nowMs)
    if (isSuccess) second.done++
    else second.failed++
    if (second.latencies.length < MAX_LATENCIES) second.latencies.push(latencyMs)
  }

  /** Returns the seconds from `fromSecond` on in which something happened, the oldest first. */
  since(fromSecond: number): RatePoint[] {
    return this.#seconds.filter(({ at }) => at >= fromSecond).map(pointOf)
  }

  clear(): void {
    this.#seconds.length = 0
  }

  #at(nowMs: number): Second {
    const at = Math.floor(nowMs / 1000)
    const last = this.#seconds.at(-1)
    // A clock that was set back must not make the series go back.
    if (last && last.at >= at) return last
    const second = { at, created: 0, done: 0, failed: 0, latencies: [] }
    this.#seconds.push(second)
    while ((this.#seconds[0]?.at ?? at) <= at - KEPT_SECONDS) this.#seconds.shift()
    return second
  }
}

const pointOf = ({ at, created, done, failed, latencies }: Second): RatePoint => {
  const sorted = latencies.toSorted((a, b) => a - b)
  return [at, created, done, failed, percentile(sorted, 0.5), percentile(sorted, 0.95)]
}

const percentile = (sorted: readonly number[], share: number): number | null =>
  sorted[Math.ceil(sorted.length * share) - 1] ?? null
