import type { Delivery } from '../delivery/delivery.js'
import { ShutdownError } from '../errors.js'
import type { Events } from '../events.js'
import type { Outcome, TaskOffer } from '../protocol/messages.js'
import { judgeError } from '../tasks/judge.js'
import type { Logger } from '../utils/logger.js'
import { monotonicMs } from '../utils/time.js'
import { refTo, type TaskInHand, type TaskSource } from './task-in-hand.js'

export interface TaskReportsOptions {
  readonly delivery: Delivery
  readonly events: Events
  readonly log: Logger
  /** A task has its outcome. */
  readonly onOutcome: (task: TaskInHand, outcome: Outcome) => void
}

/** Says what became of tasks: to the orchestrators that gave them, and to whoever listens. */
export class TaskReports {
  readonly #options: TaskReportsOptions

  constructor(options: TaskReportsOptions) {
    this.#options = options
  }

  /** Gives a task its one result, and those that are the same work under other ids. */
  report(task: TaskInHand, outcome: Outcome): void {
    if (task.reported) return
    task.reported = true
    this.#options.onOutcome(task, outcome)
    task.from.settle(task.offer.taskId)
    const ran = task.startedMs === undefined ? undefined : toMicroseconds(monotonicMs() - task.startedMs)
    this.#deliver(task.offer, task.from, outcome, ran)
    this.#tell(task.offer, outcome, ran)
    for (const repeat of task.repeats) this.report(repeat, outcome)
  }

  /** Gives a task back that was not begun. */
  handBack(offer: TaskOffer, from: TaskSource): void {
    const { events, log } = this.#options
    log.info(refTo(offer), 'the worker is draining: a task is handed back')
    events.emit('taskHandedBack', refTo(offer))
    const error = new ShutdownError('the worker is shutting down and has not started this task')
    this.#deliver(offer, from, judgeError(error))
  }

  #tell(offer: TaskOffer, outcome: Outcome, durationMs = 0): void {
    const { events } = this.#options
    if (!events.has('taskFinished')) return
    events.emit('taskFinished', {
      ...refTo(offer),
      status: outcome.kind === 'value' ? outcome.status : outcome.kind,
      ...(outcome.kind === 'failure' && { error: outcome.error }),
      durationMs,
    })
  }

  #deliver(offer: TaskOffer, from: TaskSource, outcome: Outcome, executionMs?: number): void {
    const { jobId, taskId } = offer
    const { workerId } = from
    const ran = executionMs !== undefined && { executionMs }
    this.#options.delivery.add({ jobId, taskId, workerId, outcome, ...ran }, from, offer)
  }
}

/** Nobody needs more digits, and they are written twice. */
const toMicroseconds = (ms: number): number => Math.round(ms * 1_000) / 1_000
