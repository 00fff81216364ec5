/** The map is copied after at least this many deletions. */
const TURNOVER = 1_000

/**
 * A map whose entries are added and removed thousands of times a second. A plain Map makes the garbage collector copy too
 * much memory then, because it stays linked to the tables that it has outgrown. A copy is free of them; see ADR 18.
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

  /** Returns the keys in the order in which they were added. */
  keys(): K[] {
    return [...this.#entries.keys()]
  }

  /** Returns the values in the order in which their keys were added. */
  values(): V[] {
    return [...this.#entries.values()]
  }
}
