import { RateLimitError } from '../errors.js'
import type { Receipt, TaskResult } from '../protocol/messages.js'
import { inPlaceOf } from '../protocol/unsendable.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import { after, type Timer } from '../utils/time.js'
import { type DeliveryPolicy, pauseAfter, verdictOn } from './retry-policy.js'

/** The rate limits of an orchestrator for results. */
export interface ResultLimits {
  /** How long no result may be sent after a 429, in ms. */
  quietMs(kind: 'result'): number
  /** Whether results were refused with a 429 lately. They are then sent one at a time. */
  isLimited(kind: 'result'): boolean
}

/** The orchestrator that gave a task. Its result goes there and nowhere else. */
export interface ResultSink {
  readonly url: string
  /** The worker id that the orchestrator gave the task to. */
  readonly workerId: string
  /** Resolves when the orchestrator has answered for the result. */
  deliver(result: TaskResult): Promise<Receipt>
  readonly limits: ResultLimits
}

/**
 * The orchestrator's answer to a result.
 *
 * - `replaced`: the orchestrator cannot read the result, and took a short failure in its place.
 * - `refused`: the orchestrator will never take the result.
 */
export type Answer = Receipt | { readonly kind: 'replaced' | 'refused'; readonly error: Error }

/** Hears of results that are still undelivered after all quick retries. */
export interface SetAsideObserver {
  setAside(result: TaskResult, error: Error): void
}

interface Entry {
  readonly result: TaskResult
  /** A short failure that is sent in place of the result, and the reason. */
  replacement: { readonly result: TaskResult; readonly error: Error } | undefined
  failures: number
  answered(answer: Answer): void
}

/** A single result that gets no answer must not block the others: after this many ms the next result is tried as well. */
const PROBE_MS = 2_000

/**
 * The results for one orchestrator, in order.
 *
 * - `open`: results are sent, at most `atOnce` at a time. A result that fails alone waits for its own retry.
 * - `held`: the orchestrator took no result. All results wait for the end of a pause.
 * - `probing`: the pause is over. One result at a time finds out whether the orchestrator takes results again.
 * - `closed`: nothing is retried any more.
 */
export class ResultQueue {
  readonly #to: ResultSink
  readonly #policy: DeliveryPolicy
  readonly #observer: SetAsideObserver
  #mode: 'open' | 'held' | 'probing' | 'closed' = 'open'
  readonly #waiting: Entry[] = []
  /** Results that wait for their own retry. */
  readonly #asleep = new Map<Entry, Timer>()
  #inFlight = 0
  /** How often in a row the orchestrator took no result. */
  #failures = 0
  /** The end of the pause in `held`, the next probe in `probing`. */
  readonly #next = new ResettableTimer()

  constructor(to: ResultSink, policy: DeliveryPolicy, observer: SetAsideObserver) {
    this.#to = to
    this.#policy = policy
    this.#observer = observer
  }

  /** Calls `answered` when the orchestrator has answered, however long that takes. After {@link close} nothing is sent. */
  send(result: TaskResult, answered: (answer: Answer) => void): void {
    this.#waiting.push({ result, replacement: undefined, failures: 0, answered })
    this.#pump()
  }

  /** Ends the pauses: the orchestrator has answered another request, or no time is left. No effect during a rate limit. */
  nudge(): void {
    if (this.#mode === 'closed' || this.#to.limits.quietMs('result') > 0) return
    for (const [entry, timer] of this.#asleep) {
      timer.cancel()
      this.#waiting.push(entry)
    }
    this.#asleep.clear()
    if (this.#mode === 'held') this.#probe()
    else this.#pump()
  }

  close(): void {
    this.#mode = 'closed'
    this.#next.close()
    for (const timer of this.#asleep.values()) timer.cancel()
    this.#asleep.clear()
  }

  /** Never a burst: after an outage thousands of results may wait. */
  #pump(): void {
    if (this.#mode !== 'open' || this.#waiting.length === 0) return
    const atOnce = this.#to.limits.isLimited('result') ? 1 : this.#policy.atOnce
    while (this.#inFlight < atOnce) {
      const entry = this.#waiting.shift()
      if (!entry) return
      void this.#attempt(entry)
    }
  }

  async #attempt(entry: Entry): Promise<void> {
    this.#inFlight++
    let receipt: Receipt
    try {
      receipt = await this.#to.deliver(entry.replacement?.result ?? entry.result)
    } catch (error) {
      this.#inFlight--
      this.#failed(entry, error as Error)
      return
    }
    this.#inFlight--
    entry.answered(entry.replacement ? { kind: 'replaced', error: entry.replacement.error } : receipt)
    this.#opened()
  }

  #failed(entry: Entry, error: Error): void {
    const verdict = verdictOn(error)
    if (verdict === 'refuse' || (verdict === 'replace' && entry.replacement)) {
      entry.answered({ kind: 'refused', error: entry.replacement?.error ?? error })
      this.#opened()
      return
    }
    if (this.#mode === 'closed') return
    if (verdict === 'replace') {
      entry.replacement = { result: inPlaceOf(entry.result, error.message), error }
      void this.#attempt(entry)
      return
    }
    entry.failures++
    const { maxRetries } = this.#policy
    if (verdict === 'retry' || entry.failures > maxRetries) this.#sleep(entry, error)
    else this.#waiting.push(entry)
    if (verdict === 'retry') this.#opened()
    else this.#hold(error)
    if (entry.failures === maxRetries + 1) this.#observer.setAside(entry.result, error)
  }

  /** The orchestrator answers: the other results may go. */
  #opened(): void {
    if (this.#mode === 'closed') return
    if (this.#mode !== 'open') {
      this.#next.cancel()
      this.#mode = 'open'
    }
    this.#failures = 0
    this.#pump()
  }

  /** Results that were in flight together fail together. They count as one failure. */
  #hold(error: Error): void {
    if (this.#mode === 'held') return
    this.#mode = 'held'
    this.#failures++
    const quietMs = error instanceof RateLimitError ? this.#to.limits.quietMs('result') : 0
    const ms = quietMs || pauseAfter(error, this.#failures, this.#policy, Math.random())
    this.#next.set(ms, () => this.#probe())
  }

  /** Each probe takes another result: the last one may have failed through its own fault. */
  #probe(): void {
    this.#next.cancel()
    const entry = this.#waiting.shift()
    this.#mode = entry ? 'probing' : 'open'
    if (!entry) return
    this.#next.set(PROBE_MS, () => this.#probe())
    void this.#attempt(entry)
  }

  #sleep(entry: Entry, error: Error): void {
    const ms = pauseAfter(error, entry.failures, this.#policy, Math.random())
    const wakeUp = () => {
      this.#asleep.delete(entry)
      this.#waiting.push(entry)
      this.#pump()
    }
    this.#asleep.set(entry, after(ms, wakeUp))
  }
}
