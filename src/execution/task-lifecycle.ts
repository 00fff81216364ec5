import type { Delivery, Settlement } from '../delivery/delivery.js'
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
    // `undefined`: a duplicate. The outcome of some tasks is known already: cancelled, done before, or handed back.
    const task = this.#at.tasks.accept(offer, from)
    // The handler may end this process. The journal has to know the task by then.
    if (task) this.#at.journal.accepted(offer, from, () => void this.#follow(task))
  }

  /** Reports a result that an earlier process left. */
  async report(result: TaskResult, to: ResultSink, isRecorded: boolean): Promise<void> {
    this.#forget(result, await this.#at.delivery.bring(result, to, isRecorded))
  }

  async #follow(task: TaskInHand): Promise<void> {
    const { tasks, delivery, repeats, reports } = this.#at
    try {
      const outcome = await tasks.run(task)
      // NOTHING MAY THROW between the outcome and `bring`: the result would be lost.
      const result = resultOf(task, outcome)
      const settled = delivery.bring(result, task.from)
      // The result is recorded and not sent yet. A failure that the orchestrator retries must find a free slot.
      tasks.free(task)
      repeats.ended(task, outcome)
      task.from.uplink.settle(task.offer.taskId)
      reports.ended(task, outcome)
      this.#forget(result, await settled, task.offer)
    } catch (error) {
      reports.broke(task.offer, error)
    }
  }

  #forget(result: TaskResult, settlement: Settlement, offer?: TaskOffer): void {
    const { repeats, directories, reports } = this.#at
    if (offer) repeats.settled(offer, settlement)
    directories.released(result.taskId, result.outcome)
    reports.settled(result, settlement)
  }
}
