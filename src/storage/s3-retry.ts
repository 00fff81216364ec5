import { fullJitter } from '../transport/backoff.js'
import { monotonicMs, sleep } from '../utils/time.js'

/** The number of attempts where the store answers, but not as it should. Outages have a time instead: {@link Patience}. */
export const ATTEMPTS = 5
const BACKOFF = { baseMs: 200, capMs: 5_000 }

/** Waits before the next attempt. Resolves as soon as the signal aborts: the next attempt fails then. */
export const pauseAfter = (failures: number, signal: AbortSignal): Promise<void> =>
  sleep(fullJitter(BACKOFF, failures, Math.random()), signal)

/** The time that one transfer has for retries. Progress renews it. Other transfers do not use it up. */
export class Patience {
  readonly #maxMs: number
  #failingSinceMs: number | undefined
  #failures = 0

  constructor(maxMs: number) {
    this.#maxMs = maxMs
  }

  /** Whether an attempt has failed since the last progress. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** The transfer has made progress: the next failure is a first one. */
  renew(): void {
    this.#failingSinceMs = undefined
    this.#failures = 0
  }

  /**
   * Waits after a failed attempt. Resolves as soon as the signal aborts.
   *
   * @param limits.leastMs - the shortest pause that the store wants
   * @param limits.maxMs - the time for retries after this kind of failure, if it is shorter
   * @returns false if no time is left for another attempt
   */
  async pause(
    signal: AbortSignal,
    { leastMs = 0, maxMs = this.#maxMs }: { readonly leastMs?: number; readonly maxMs?: number } = {},
  ): Promise<boolean> {
    const nowMs = monotonicMs()
    this.#failingSinceMs ??= nowMs
    this.#failures++
    const leftMs = this.#failingSinceMs + Math.min(maxMs, this.#maxMs) - nowMs
    if (leftMs <= 0) return false
    const pauseMs = Math.max(leastMs, fullJitter(BACKOFF, this.#failures, Math.random()))
    await sleep(Math.min(leftMs, pauseMs), signal)
    return true
  }
}
