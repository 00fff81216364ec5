import { monotonicMs } from '../../utils/time.js'

/** With more entries than this, the expired ones are looked for and dropped. */
const ENTRIES_BEFORE_SWEEP = 10_000

/** Remembers values by key, each for a time. */
export class Expiring<T> {
  readonly #entries = new Map<string, { readonly value: T; readonly expiresAtMs: number }>()

  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expiresAtMs > monotonicMs() ? entry.value : undefined
  }

  set(key: string, value: T, forMs: number): void {
    this.#entries.set(key, { value, expiresAtMs: monotonicMs() + forMs })
    if (this.#entries.size > ENTRIES_BEFORE_SWEEP) this.#sweep(monotonicMs())
  }

  #sweep(nowMs: number): void {
    for (const [key, { expiresAtMs }] of this.#entries) {
      if (expiresAtMs <= nowMs) this.#entries.delete(key)
    }
  }
}
