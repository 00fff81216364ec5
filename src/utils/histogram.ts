/**
 * Counts values in ranges. An observation allocates nothing, because each task and each request makes some.
 */
export class Histogram {
  /** The upper limits of the ranges, ascending. One more range has everything above the last limit. */
  readonly bounds: readonly number[]
  readonly #counts: Float64Array
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Float64Array(bounds.length + 1)
  }

  /** How many values are in each range. */
  get counts(): Readonly<Float64Array> {
    return this.#counts
  }

  /** The sum of all values. */
  get sum(): number {
    return this.#sum
  }

  /** How many values there are. */
  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0)
  }

  observe(value: number): void {
    const { bounds } = this
    const last = bounds.length
    let place = 0
    while (place < last && value > (bounds[place] as number)) place++
    this.#counts[place] = (this.#counts[place] as number) + 1
    this.#sum += value
  }

  /** Adds the values of another histogram with the same bounds. */
  add(other: Histogram): void {
    for (const [place, count] of other.counts.entries())
      this.#counts[place] = (this.#counts[place] as number) + count
    this.#sum += other.sum
  }
}
