import type { Delivery } from '../delivery/delivery.js'
import type { ResultSink } from '../delivery/result-queue.js'
import type { Journal } from '../journal/journal.js'
import type { TaskOffer, TaskResult } from '../protocol/messages.js'
import type { TaskDirectories } from '../tasks/files/task-directories.js'
import type { RepeatedOffers } from './repeated-offers.js'
import type { TaskInHand, TaskSource } from './task-in-hand.js'
import { resultOf, type TaskReports } from './task-reports.js'
import type { TasksInHand } from './tasks-in-hand.js'

/** The parts of a worker that a task passes through. */
export interface Stations {
  readonly tasks: TasksInHand
  readonly journal: Pick<Journal, 'accepted'>
  readonly delivery: Delivery
  readonly repeats: RepeatedOffers<TaskInHand>
  readonly directories: TaskDirectories
  readonly reports: TaskReports
}

/** The path of a task, from its offer until nothing is left of it. Read this file first. */
export class TaskLifecycle {
  readonly #at: Stations

  constructor(stations: Stations) {
    this.#at = stations
  }

  /** Takes an offer. The poll that brought the offer has reserved a slot for it. */
  take(offer: TaskOffer, from: TaskSource): void {
    this.#follow(offer, from).catch((error: unknown) => this.#at.reports.broke(offer, error))
  }

  async #follow(offer: TaskOffer, from: TaskSource): Promise<void> {
    const { tasks, journal, repeats, reports } = this.#at
    // `undefined`: a duplicate. The outcome of some tasks is known already: cancelled, done before, or handed back.
    const task = tasks.accept(offer, from)
    if (!task) return
    // The handler may end this process. The journal has to know the task by then.
    await new Promise<void>((then) => journal.accepted(offer, from, then))
    const outcome = await tasks.run(task)
    // NOTHING MAY THROW between the outcome and `report`: the result would be lost.
    const settled = this.report(resultOf(task, outcome), from, offer)
    // The result is recorded and not sent yet. A failure that the orchestrator retries at once must find a free slot.
    tasks.free(task)
    repeats.ended(task, outcome)
    from.uplink.settle(offer.taskId)
    reports.ended(task, outcome)
    await settled
  }

  /** Brings a result home and forgets its task. Results that an earlier process left take this path, too. */
  async report(result: TaskResult, to: ResultSink, offer?: TaskOffer, isRecorded = false): Promise<void> {
    const { delivery, repeats, directories, reports } = this.#at
    const settlement = await delivery.bring(result, to, isRecorded)
    if (offer) repeats.settled(offer, settlement)
    directories.released(result.taskId, result.outcome)
    reports.settled(result, settlement)
  }
}
