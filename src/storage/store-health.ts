import type { Logger } from '../utils/logger.js'
import { monotonicMs } from '../utils/time.js'

/** A shorter outage is no reason for a warning, in ms. */
const BRIEF_MS = 3_000
/** After so many ms without any request, nothing is known about the store. */
const FORGET_MS = 60_000

/** Knows whether the object store fails at present. The requests of all transfers report to it. */
export class StoreHealth {
  readonly #store: string
  readonly #log: Logger | undefined
  #failingSinceMs: number | undefined
  #lastFailureMs = 0
  #reason = ''
  #isWarned = false

  /** @param store - the name of the store in the log and in `/readyz` */
  constructor(store: string, log: Logger | undefined) {
    this.#store = store
    this.#log = log
  }

  /** What is wrong with the store; `undefined` while it answers, and if nobody has asked it for a minute. */
  get concern(): string | undefined {
    if (this.#failingSinceMs === undefined || monotonicMs() - this.#lastFailureMs > FORGET_MS)
      return undefined
    return `object store ${this.#store} fails: ${this.#reason}`
  }

  /** @param reason - no text of the store, because `/readyz` is public */
  failed(reason: string, error: unknown): void {
    const nowMs = monotonicMs()
    this.#failingSinceMs ??= nowMs
    this.#lastFailureMs = nowMs
    this.#reason = reason
    if (this.#isWarned || nowMs - this.#failingSinceMs < BRIEF_MS) return
    this.#isWarned = true
    this.#log?.warn(
      { err: error },
      `Object store ${this.#store} fails (${reason}): transfers are retried until S3_RETRY_MAX_SECONDS is over`,
    )
  }

  answered(): void {
    if (this.#isWarned) this.#log?.info({}, `Object store ${this.#store} answers again`)
    this.#failingSinceMs = undefined
    this.#isWarned = false
  }
}
