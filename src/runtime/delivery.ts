import type { TaskResult } from '../protocol/messages.js'
import { Condition } from '../utils/condition.js'
import { DeliveryLane, type DeliveryReport, type ResultSink } from './delivery-lane.js'
import type { RetryPolicy } from './delivery-policy.js'

export interface DeliveryOptions {
  readonly policy: RetryPolicy
  readonly report: DeliveryReport
  /** The orchestrator has taken the result, or never will: what was kept for it may go. */
  readonly released: (result: TaskResult) => void
  /** From this many undelivered results on, no more tasks are fetched. */
  readonly bound: number
  /** There is room for results again. */
  readonly onRoom: () => void
}

/** Results on their way: each goes back to the orchestrator that gave the task, and is kept until that one has answered for it. */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #lanes = new Map<ResultSink, DeliveryLane>()
  readonly #undelivered = new Set<TaskResult>()
  readonly #changed = new Condition()

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  get undelivered(): readonly TaskResult[] {
    return [...this.#undelivered]
  }

  get hasRoom(): boolean {
    return this.#undelivered.size < this.#options.bound
  }

  add(result: TaskResult, to: ResultSink): void {
    this.#undelivered.add(result)
    this.#laneTo(to).add(result)
  }

  /** The orchestrator answers again. */
  nudge(to: ResultSink): void {
    this.#lanes.get(to)?.nudge()
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
    const lane = this.#lanes.get(to) ?? new DeliveryLane(to, this.#options.policy, this.#reporting())
    this.#lanes.set(to, lane)
    return lane
  }

  #reporting(): DeliveryReport {
    const { report } = this.#options
    return {
      delivered: (result, receipt) => this.#done(result, () => report.delivered(result, receipt)),
      refused: (result, error) => this.#done(result, () => report.refused(result, error)),
      setAside: (result, error) => report.setAside(result, error),
    }
  }

  #done(result: TaskResult, tell: () => void): void {
    const hadRoom = this.hasRoom
    this.#undelivered.delete(result)
    this.#options.released(result)
    tell()
    if (!hadRoom) this.#options.onRoom()
    this.#changed.notify()
  }
}
