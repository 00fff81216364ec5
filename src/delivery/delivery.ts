import type { Receipt, TaskOffer, TaskResult } from '../protocol/messages.js'
import { Condition } from '../utils/condition.js'
import { TurnoverMap } from '../utils/turnover-map.js'
import type { Wake } from '../utils/wake.js'
import { DeliveryLane, type DeliveryReport, type ResultSink } from './lane.js'
import type { RetryPolicy } from './retry-policy.js'

/** Where results are kept until they are answered for; calls `then` when it is written, at once where nothing is. */
export interface ResultJournal {
  finished(result: TaskResult, from: string, then: () => void): void
  acknowledged(result: TaskResult, then: () => void): void
  /** Puts away what will never be taken; resolves to whether it is kept. */
  buried(result: TaskResult, from: string, error: Error): Promise<boolean>
}

type AnswerToResult = Exclude<Receipt, { readonly kind: 'replaced' }>

/** What is told about each result. */
export interface ResultObserver extends Omit<DeliveryReport, 'delivered' | 'refused'> {
  delivered(result: TaskResult, receipt: AnswerToResult): void
  /** The orchestrator will never take it. `isKept`: it lies with the dead letters. */
  refused(result: TaskResult, error: Error, isKept: boolean): void
}

export interface DeliveryOptions {
  readonly policy: RetryPolicy
  readonly report: ResultObserver
  /** The orchestrator has answered for the result of a task. */
  readonly answered: (offer: TaskOffer, receipt: Receipt) => void
  /** The orchestrator has taken the result, or never will: what was kept for it may go. */
  readonly released: (result: TaskResult) => void
  /** From this many undelivered results on, no more tasks are fetched. */
  readonly bound: number
  readonly journal: ResultJournal
  /** Triggered when there is room for results again. */
  readonly wake: Wake
}

/** Results on their way: each goes back to the orchestrator that gave the task, and is kept until that one has answered for it. */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #lanes = new Map<ResultSink, DeliveryLane>()
  readonly #undelivered = new TurnoverMap<TaskResult, TaskOffer | undefined>()
  readonly #changed = new Condition()

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  get undelivered(): readonly TaskResult[] {
    return this.#undelivered.keys()
  }

  get hasRoom(): boolean {
    return this.#undelivered.size < this.#options.bound
  }

  /** @param offer - of this process; a task of an earlier one has none */
  add(result: TaskResult, to: ResultSink, offer?: TaskOffer): void {
    this.#undelivered.set(result, offer)
    // Written before it is sent: what the orchestrator has not answered for can be sent again, whatever happens here.
    this.#options.journal.finished(result, to.url, () => this.#laneTo(to).add(result))
  }

  /** Takes a result that the journal has already. */
  resume(result: TaskResult, to: ResultSink): void {
    this.#undelivered.set(result, undefined)
    this.#laneTo(to).add(result)
  }

  /** The orchestrator answers again: what is to go there under any id may go. */
  nudge({ url }: ResultSink): void {
    for (const [to, lane] of this.#lanes) if (to.url === url) lane.nudge()
  }

  /** Resolves when nothing is left to deliver. */
  empty(): Promise<void> {
    return this.#changed.until(() => this.#undelivered.size === 0)
  }

  /** Stops trying. */
  close(): void {
    for (const lane of this.#lanes.values()) lane.close()
  }

  #laneTo(to: ResultSink): DeliveryLane {
    const known = this.#lanes.get(to)
    if (known) return known
    const lane = new DeliveryLane(to, this.#options.policy, this.#reportingFor(to))
    this.#lanes.set(to, lane)
    return lane
  }

  #reportingFor({ url }: ResultSink): DeliveryReport {
    return {
      delivered: (result, receipt) => {
        const offer = this.#undelivered.get(result)
        if (offer) this.#options.answered(offer, receipt)
        // What the orchestrator could not read is of use to people only.
        if (receipt.kind === 'replaced') void this.#refused(result, url, receipt.error)
        else this.#delivered(result, receipt)
      },
      refused: (result, error) => void this.#refused(result, url, error),
      setAside: (result, error) => this.#options.report.setAside(result, error),
    }
  }

  /** Told once it is written: what was told is not delivered again. */
  #delivered(result: TaskResult, receipt: AnswerToResult): void {
    const { journal, report } = this.#options
    journal.acknowledged(result, () => this.#done(result, () => report.delivered(result, receipt)))
  }

  async #refused(result: TaskResult, from: string, error: Error): Promise<void> {
    const { journal, report } = this.#options
    const isKept = await journal.buried(result, from, error)
    this.#done(result, () => report.refused(result, error, isKept))
  }

  #done(result: TaskResult, tell: () => void): void {
    const hadRoom = this.hasRoom
    this.#undelivered.delete(result)
    this.#options.released(result)
    tell()
    if (!hadRoom) this.#options.wake.trigger()
    this.#changed.notify()
  }
}
