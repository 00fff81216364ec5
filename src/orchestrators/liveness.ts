import { monotonicMs } from '../utils/time.js'

/** How long a confirmation counts, in ms. */
const CONFIRMED_MS = 45_000

/** When to ask an orchestrator whether it still knows this worker, if its responses to heartbeats do not tell. */
export class Liveness {
  #confirmedMs = Number.NEGATIVE_INFINITY

  get isDue(): boolean {
    return monotonicMs() - this.#confirmedMs >= CONFIRMED_MS
  }

  /** The orchestrator knows this worker at this moment. */
  confirm(): void {
    this.#confirmedMs = monotonicMs()
  }

  /** The orchestrator may have forgotten this worker: the next heartbeat asks first. */
  suspect(): void {
    this.#confirmedMs = Number.NEGATIVE_INFINITY
  }
}
