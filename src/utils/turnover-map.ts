/** After this many entries have gone, the map is copied. */
const TURNOVER = 1_000

/**
 * A Map whose entries come and go in great numbers. A plain one does not bear that well, see ADR 18: it is the copies
 * that let go of the tables it has outgrown.
 */
export class TurnoverMap<K, V> {
  #entries = new Map<K, V>()
  #gone = 0

  get size(): number {
    return this.#entries.size
  }

  has(key: K): boolean {
    return this.#entries.has(key)
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  set(key: K, value: V): void {
    this.#entries.set(key, value)
  }

  delete(key: K): void {
    if (!this.#entries.delete(key) || ++this.#gone < Math.max(TURNOVER, this.#entries.size)) return
    this.#entries = new Map(this.#entries)
    this.#gone = 0
  }

  /** In the order in which they came. */
  keys(): K[] {
    return [...this.#entries.keys()]
  }

  /** In the order in which they came. */
  values(): V[] {
    return [...this.#entries.values()]
  }
}
