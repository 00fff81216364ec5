/** An item of a {@link Bag}. */
export interface Bagged {
  /** The index of the item in its bag. Only the bag writes it. */
  place: number
}

/**
 * An unordered collection whose items are added and removed thousands of times a second. A Set makes the garbage
 * collector copy too much memory then; see ADR 18.
 */
export class Bag<T extends Bagged> implements Iterable<T> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  add(item: T): void {
    item.place = this.#items.length
    this.#items.push(item)
  }

  /** Does nothing if the bag does not hold the item. */
  delete(item: T): void {
    const { place } = item
    if (this.#items[place] !== item) return
    const last = this.#items.pop()
    if (last === undefined || last === item) return
    this.#items[place] = last
    last.place = place
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]()
  }
}
