import type { Receipt, TaskResult } from '../protocol/messages.js'
import { Condition } from '../utils/condition.js'
import { monotonicMs } from '../utils/time.js'
import { TurnoverMap } from '../utils/turnover-map.js'
import type { Wake } from '../utils/wake.js'
import { DeliveryStats } from './delivery-stats.js'
import { type Answer, ResultQueue, type ResultSink, type SetAsideObserver } from './result-queue.js'
import type { DeliveryPolicy } from './retry-policy.js'

/** Keeps results until the orchestrator has answered for them. Calls `then` when the note is written. */
export interface ResultJournal {
  /** Never calls `then` before it returns. */
  finished(result: TaskResult, from: string, then: () => void): void
  acknowledged(result: TaskResult, then: () => void): void
  /** Stores a result that was refused for good as a dead letter. Resolves to whether it is stored. */
  buried(result: TaskResult, from: string, error: Error): Promise<boolean>
}

/** The end of a delivery. */
export type Settlement =
  | Receipt
  /** The orchestrator will never take the result. `isKept`: the result is stored as a dead letter. */
  | { readonly kind: 'replaced' | 'refused'; readonly error: Error; readonly isKept: boolean }

type RefusedAnswer = Exclude<Answer, Receipt>

/** Brings each result to the orchestrator that gave the task, and keeps it until that orchestrator has answered. */
export class Delivery {
  readonly stats = new DeliveryStats()
  readonly #policy: DeliveryPolicy
  readonly #journal: ResultJournal
  readonly #observer: SetAsideObserver
  readonly #wake: Wake
  readonly #queues = new Map<ResultSink, ResultQueue>()
  /** The undelivered results, and when each of them came, by the monotonic clock. */
  readonly #undelivered = new TurnoverMap<TaskResult, number>()
  readonly #changed = new Condition()
  #isClosed = false

  constructor(policy: DeliveryPolicy, journal: ResultJournal, observer: SetAsideObserver, wake: Wake) {
    this.#policy = policy
    this.#journal = journal
    this.#observer = observer
    this.#wake = wake
  }

  get undelivered(): readonly TaskResult[] {
    return this.#undelivered.keys()
  }

  /** When the oldest undelivered result came, by the monotonic clock; `undefined` if none is undelivered. */
  get oldestMs(): number | undefined {
    return this.#undelivered.values()[0]
  }

  /** False while too many results are undelivered: no more tasks may be taken. */
  get hasRoom(): boolean {
    return this.#undelivered.size < this.#policy.bound
  }

  /**
   * Brings a result to its orchestrator. Resolves when the orchestrator has answered and the journal knows it, however
   * long that takes. Never rejects. Stays pending if the worker ends first.
   *
   * @param isRecorded - whether the journal has the result already
   */
  // The hot path: one promise, and callbacks inside.
  bring(result: TaskResult, to: ResultSink, isRecorded = false): Promise<Settlement> {
    this.#undelivered.set(result, monotonicMs())
    return new Promise((settled) => {
      const send = () =>
        this.#queueFor(to).send(result, (answer) => this.#answered(result, to, answer, settled))
      // The journal comes first: an unanswered result can then be sent again, whatever happens to this process.
      if (isRecorded) send()
      else this.#journal.finished(result, to.url, send)
    })
  }

  /** The orchestrator answers again: results for all worker ids of this worker may go. */
  nudge({ url }: Pick<ResultSink, 'url'>): void {
    for (const [to, queue] of this.#queues) if (to.url === url) queue.nudge()
  }

  /** Tries the results again that wait for a retry. */
  nudgeAll(): void {
    for (const queue of this.#queues.values()) queue.nudge()
  }

  /** Resolves when no result is undelivered. */
  empty(): Promise<void> {
    return this.#changed.until(() => this.#undelivered.size === 0)
  }

  /** Cancels all retries. */
  close(): void {
    this.#isClosed = true
    for (const queue of this.#queues.values()) queue.close()
  }

  #answered(
    result: TaskResult,
    to: ResultSink,
    answer: Answer,
    settled: (settlement: Settlement | Promise<Settlement>) => void,
  ): void {
    if (answer.kind !== 'taken' && answer.kind !== 'ignored') {
      settled(this.#bury(result, to, answer))
      return
    }
    this.#journal.acknowledged(result, () => {
      this.#forget(result, answer.kind)
      settled(answer)
    })
  }

  async #bury(result: TaskResult, to: ResultSink, { kind, error }: RefusedAnswer): Promise<Settlement> {
    const isKept = await this.#journal.buried(result, to.url, error)
    this.#forget(result, kind)
    return { kind, error, isKept }
  }

  #queueFor(to: ResultSink): ResultQueue {
    const known = this.#queues.get(to)
    if (known) return known
    const queue = new ResultQueue(to, this.#policy, this.#observer)
    if (this.#isClosed) queue.close()
    this.#queues.set(to, queue)
    return queue
  }

  #forget(result: TaskResult, kind: Answer['kind']): void {
    const hadRoom = this.hasRoom
    const nowMs = monotonicMs()
    this.stats.ended(kind, nowMs - (this.#undelivered.get(result) ?? nowMs))
    this.#undelivered.delete(result)
    if (!hadRoom) this.#wake.trigger()
    this.#changed.notify()
  }
}
