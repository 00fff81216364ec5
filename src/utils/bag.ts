/** What lies in a {@link Bag} knows where. */
export interface Bagged {
  place: number
}

/**
 * Things that come and go in great numbers, in no order. A Set does not bear that well; see ADR 18.
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

  /** Does nothing when it is not in here. */
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
