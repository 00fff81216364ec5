import { DevClock } from './clock.js'

/** The oldest entries are dropped when there are more than this. */
const MAX_ENTRIES = 100_000

interface Entry<T> {
  readonly value: T
  readonly expiresMs: number
}

/** Keeps each value for the same time after it was last set, and at most 100,000 values. */
export class ExpiringMap<T> {
  /** The entry that expires first comes first. */
  readonly #entries = new Map<string, Entry<T>>()
  readonly #lifetimeMs: number
  readonly #clock: DevClock

  constructor(lifetimeMs: number, clock = new DevClock()) {
    this.#lifetimeMs = lifetimeMs
    this.#clock = clock
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key)
    return entry && entry.expiresMs > this.#clock.monotonicMs() ? entry.value : undefined
  }

  set(key: string, value: T): void {
    const nowMs = this.#clock.monotonicMs()
    // A key that is set again moves to the end.
    this.#entries.delete(key)
    this.#entries.set(key, { value, expiresMs: nowMs + this.#lifetimeMs })
    this.#drop(nowMs)
  }

  #drop(nowMs: number): void {
    for (const [key, { expiresMs }] of this.#entries) {
      if (expiresMs > nowMs && this.#entries.size <= MAX_ENTRIES) return
      this.#entries.delete(key)
    }
  }
}
