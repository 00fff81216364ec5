import { digestOf } from './access/secrets.js'
import type { DevClock } from './clock.js'
import { ExpiringMap } from './expiring-map.js'
import type { DevSettings } from './options.js'

/**
 * Counts requests by key. Each request, refused or not, extends the window of its key, as the limiter of the real
 * orchestrator does. A client that keeps asking stays refused.
 */
export class RateLimit {
  readonly #counts: ExpiringMap<number>
  readonly #requests: number

  constructor({ requests, windowMs }: NonNullable<DevSettings['rateLimit']>, clock?: DevClock) {
    this.#requests = requests
    this.#counts = new ExpiringMap(windowMs, clock)
  }

  /** Counts one request, and returns whether it is allowed. */
  admits(key: string): boolean {
    // A path or a token may be long, and many keys are kept.
    const digest = digestOf(key)
    const count = (this.#counts.get(digest) ?? 0) + 1
    this.#counts.set(digest, count)
    return count <= this.#requests
  }
}
