import { RateLimitError } from '../errors.js'
import type { Receipt, TaskResult } from '../protocol/messages.js'
import { after, type Timer } from '../utils/time.js'
import { pauseAfter, type RetryPolicy, verdictOn } from './retry-policy.js'

/** What becomes of each result. */
export interface DeliveryReport {
  delivered(result: TaskResult, receipt: Receipt): void
  /** Quick retries came to nothing; it is kept and tried again, ever more slowly. */
  setAside(result: TaskResult, error: Error): void
  /** The orchestrator will never take it. */
  refused(result: TaskResult, error: Error): void
}

/** Where the results of one orchestrator's tasks go. */
export interface ResultSink {
  readonly url: string
  /** Who the tasks were given to. */
  readonly workerId: string
  /** Resolves once the orchestrator has answered for the result. */
  deliver(result: TaskResult): Promise<Receipt>
  /** How long to keep silent after a refusal, in ms. */
  quietMs(kind: 'result'): number
  /** Whether results are to go one at a time. */
  isLimited(kind: 'result'): boolean
}

interface Parcel {
  readonly result: TaskResult
  failures: number
}

/** How long a result that finds out has for itself, in ms: it may be this one alone that gets no answer. */
const PROBE_MS = 2_000

/**
 * The results for one orchestrator. While it takes them (`open`) all go at once. When it takes none they stand in a
 * line, and after a pause (`held`) one of them finds out whether it does again (`probing`). A result that fails by
 * itself waits by itself. Once it is `closed` nothing is tried again, whatever becomes of what is under way.
 */
export class DeliveryLane {
  readonly #to: ResultSink
  readonly #policy: RetryPolicy
  readonly #report: DeliveryReport
  #mode: 'open' | 'held' | 'probing' | 'closed' = 'open'
  #line: Parcel[] = []
  readonly #asleep = new Map<Parcel, Timer>()
  /** How often in a row the orchestrator took nothing. */
  #failures = 0
  #pause: Timer | undefined

  constructor(to: ResultSink, policy: RetryPolicy, report: DeliveryReport) {
    this.#to = to
    this.#policy = policy
    this.#report = report
  }

  add(result: TaskResult): void {
    const parcel = { result, failures: 0 }
    if (this.#mode === 'open' && this.#line.length === 0) void this.#send(parcel)
    else this.#line.push(parcel)
  }

  /** The orchestrator has answered something else: what waits for it need not wait any longer. */
  nudge(): void {
    if (this.#to.quietMs('result') > 0) return
    if (this.#mode === 'held') this.#probe()
    for (const [parcel, timer] of [...this.#asleep]) {
      timer.cancel()
      this.#wakeUp(parcel)
    }
  }

  /** Calls off every retry. */
  close(): void {
    this.#mode = 'closed'
    this.#pause?.cancel()
    for (const timer of this.#asleep.values()) timer.cancel()
    this.#asleep.clear()
  }

  async #send(parcel: Parcel): Promise<void> {
    let receipt: Receipt
    try {
      receipt = await this.#to.deliver(parcel.result)
    } catch (error) {
      this.#failed(parcel, error as Error)
      return
    }
    this.#report.delivered(parcel.result, receipt)
    this.#answered()
  }

  #failed(parcel: Parcel, error: Error): void {
    const verdict = verdictOn(error)
    if (verdict === 'refuse') {
      this.#report.refused(parcel.result, error)
      this.#answered()
      return
    }
    if (this.#mode === 'closed') return
    parcel.failures++
    const aside = parcel.failures > this.#policy.maxRetries
    if (parcel.failures === this.#policy.maxRetries + 1) this.#report.setAside(parcel.result, error)
    if (aside || verdict === 'retry') this.#sleep(parcel, error)
    else this.#line.push(parcel)
    if (verdict === 'retry') this.#answered()
    else this.#hold(error)
  }

  /** It answers: the line may go on, one by one where the orchestrator counts requests. */
  #answered(): void {
    if (this.#mode === 'closed') return
    this.#pause?.cancel()
    this.#mode = 'open'
    this.#failures = 0
    const ready = this.#to.isLimited('result') ? this.#line.splice(0, 1) : this.#line.splice(0)
    for (const parcel of ready) void this.#send(parcel)
  }

  /** Those that were under way together fail together: that is one failure. */
  #hold(error: Error): void {
    if (this.#mode === 'held') return
    this.#pause?.cancel()
    this.#mode = 'held'
    this.#failures++
    const quietMs = error instanceof RateLimitError ? this.#to.quietMs('result') : 0
    const ms = quietMs || pauseAfter(error, this.#failures, this.#policy, Math.random())
    this.#pause = after(ms, () => this.#probe())
  }

  /** Each time another one: if the last one's fault was its own, the next one shows it. */
  #probe(): void {
    this.#pause?.cancel()
    const next = this.#line.shift()
    this.#mode = next ? 'probing' : 'open'
    if (!next) return
    this.#pause = after(PROBE_MS, () => this.#probe())
    void this.#send(next)
  }

  #sleep(parcel: Parcel, error: Error): void {
    const ms = pauseAfter(error, parcel.failures, this.#policy, Math.random())
    this.#asleep.set(
      parcel,
      after(ms, () => this.#wakeUp(parcel)),
    )
  }

  #wakeUp(parcel: Parcel): void {
    this.#asleep.delete(parcel)
    void this.#send(parcel)
  }
}
