import {
  endsOutage,
  type Fact,
  type Health,
  healthAfter,
  type RequestKind,
  UNTRIED,
} from '../orchestrators/health.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import { monotonicMs } from '../utils/time.js'

/** Reacts to the end of an outage. */
export interface OutageObserver {
  /**
   * @param wasSilent - whether requests timed out, so that others may still hang on dead connections
   * @param kind - the request that was answered; absent if the reaction had to wait
   */
  outageEnded(wasSilent: boolean, kind?: RequestKind): void
}

/** The least time between two reactions to the end of an outage, in ms. */
const PAUSE_MS = 1_000

/** The health of one orchestrator, by all requests to it. Finds the end of each outage. */
export class OutageWatch {
  readonly #observer: OutageObserver
  readonly #pause = new ResettableTimer()
  #health = UNTRIED
  #lastEndMs = Number.NEGATIVE_INFINITY
  /** Whether requests have timed out since the last reaction. */
  #wasSilent = false

  constructor(observer: OutageObserver) {
    this.#observer = observer
  }

  get health(): Health {
    return this.#health
  }

  /** Notes what the end of a request shows. Returns whether the health has changed. */
  record(kind: RequestKind, fact: Fact): boolean {
    const before = this.#health
    this.#health = healthAfter(before, kind, fact, monotonicMs())
    if (fact === 'silent') this.#wasSilent = true
    if (endsOutage(before, this.#health)) this.#ended(kind)
    return this.#health !== before
  }

  close(): void {
    this.#pause.close()
  }

  #ended(kind?: RequestKind): void {
    const pauseMs = this.#lastEndMs + PAUSE_MS - monotonicMs()
    if (pauseMs > 0) {
      if (!this.#pause.isSet) this.#pause.set(pauseMs, () => this.#endedAgain())
      return
    }
    this.#lastEndMs = monotonicMs()
    const wasSilent = this.#wasSilent
    this.#wasSilent = false
    this.#observer.outageEnded(wasSilent, kind)
  }

  #endedAgain(): void {
    if (this.#health.answersSinceMs !== undefined) this.#ended()
  }
}
