interface Entry<T> {
  readonly value: T
  readonly priority: number
  readonly order: number
}

const isBefore = (a: Entry<unknown>, b: Entry<unknown>): boolean =>
  a.priority === b.priority ? a.order < b.order : a.priority > b.priority

/** A binary heap: the highest priority first, and equal priorities in the order of insertion. */
export class PriorityQueue<T> {
  #heap: Entry<T>[] = []
  #pushed = 0

  get size(): number {
    return this.#heap.length
  }

  push(value: T, priority: number): void {
    this.#heap.push({ value, priority, order: this.#pushed++ })
    this.#rise(this.#heap.length - 1)
  }

  pop(): T | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first && last && first !== last) {
      this.#heap[0] = last
      this.#sink(0)
    }
    return first?.value
  }

  /** Drops the values that are not wanted any more. */
  keep(isWanted: (value: T) => boolean): void {
    // A sorted list is a heap.
    this.#heap = this.#heap.filter(({ value }) => isWanted(value)).sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  #rise(from: number): void {
    let at = from
    while (at > 0 && this.#swapIfBefore(at, (at - 1) >> 1)) at = (at - 1) >> 1
  }

  #sink(from: number): void {
    let at = from
    for (;;) {
      const child = this.#firstChild(at)
      if (!this.#swapIfBefore(child, at)) return
      at = child
    }
  }

  /** The index of the child that comes out first. Beyond the end if there is no child. */
  #firstChild(at: number): number {
    const left = this.#heap[2 * at + 1]
    const right = this.#heap[2 * at + 2]
    return left && right && isBefore(right, left) ? 2 * at + 2 : 2 * at + 1
  }

  /** Swaps two entries if the lower one comes out before the upper one. */
  #swapIfBefore(lower: number, upper: number): boolean {
    const below = this.#heap[lower]
    const above = this.#heap[upper]
    if (!below || !above || !isBefore(below, above)) return false
    this.#heap[lower] = above
    this.#heap[upper] = below
    return true
  }
}
