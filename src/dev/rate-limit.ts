import { monotonicMs } from '../utils/time.js'

/** With more keys than this, the expired ones are looked for and dropped. */
const KEYS_BEFORE_SWEEP = 10_000

/**
 * Counts requests by key. Every request pushes the end of its key's window back, a refused one too: whoever keeps on
 * asking stays refused, as with the real orchestrator.
 */
export class RateLimit {
  readonly #counts = new Map<string, { count: number; expiresAtMs: number }>()
  readonly #requests: number
  readonly #windowMs: number

  constructor({ requests, windowMs }: { readonly requests: number; readonly windowMs: number }) {
    this.#requests = requests
    this.#windowMs = windowMs
  }

  /** Counts one request, and says whether it may pass. */
  admits(key: string): boolean {
    const nowMs = monotonicMs()
    const known = this.#counts.get(key)
    const count = known && known.expiresAtMs >= nowMs ? known.count + 1 : 1
    this.#counts.set(key, { count, expiresAtMs: nowMs + this.#windowMs })
    if (this.#counts.size > KEYS_BEFORE_SWEEP) this.#sweep(nowMs)
    return count <= this.#requests
  }

  #sweep(nowMs: number): void {
    for (const [key, { expiresAtMs }] of this.#counts) {
      if (expiresAtMs < nowMs) this.#counts.delete(key)
    }
  }
}
