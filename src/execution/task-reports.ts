import type { Settlement } from '../delivery/delivery.js'
import type { SetAsideObserver } from '../delivery/result-queue.js'
import type { Events, TaskRef } from '../events.js'
import type { Outcome, TaskOffer, TaskResult } from '../protocol/messages.js'
import { errorIn, errorOf } from '../tasks/thrown.js'
import { type Logger, writesDebug } from '../utils/logger.js'
import { Attempts } from './attempts.js'
import type { FailedTasks } from './failed-tasks.js'
import { HANDED_BACK } from './handed-back.js'
import { refTo, type TaskInHand } from './task-in-hand.js'
import type { TaskStats } from './task-stats.js'

/** Orchestrators have a handful of reasons to ignore a result. More than this many are counted as one. */
const MAX_REASONS = 100

/** The end of a result that was not taken. */
type Refusal = Extract<Settlement, { readonly isKept: boolean }>

/** The outcome of a task that did not succeed. */
type Unsuccessful = Exclude<Outcome, { readonly kind: 'value' }>

interface End extends TaskRef {
  readonly status: string
  readonly durationMs: number
}

/** Tells the log and the listeners what becomes of tasks and their results. */
export class TaskReports implements SetAsideObserver {
  readonly #events: Events
  readonly #log: Logger
  readonly #attempts = new Attempts()
  readonly #stats: TaskStats
  readonly #failed: FailedTasks | undefined
  /** How many results the orchestrators ignored, by their reasons. */
  readonly ignored = new Map<string, number>()

  /** @param failed - saves the params of failed tasks */
  constructor(events: Events, log: Logger, stats: TaskStats, failed?: FailedTasks) {
    this.#events = events
    this.#log = log
    this.#stats = stats
    this.#failed = failed
  }

  /** The task has its outcome. */
  ended(task: TaskInHand, outcome: Outcome): void {
    this.#stats.ended(task, outcome, outcome === HANDED_BACK)
    if (outcome === HANDED_BACK) this.#handedBack(task.offer)
    else if (outcome.kind === 'value') this.#reportSuccess(task, outcome.status)
    else this.#reportFailure(task, outcome)
  }

  #handedBack(offer: TaskOffer): void {
    const ref = refTo(offer)
    this.#log.info(ref, 'Task handed back: the worker is draining')
    this.#events.emit('taskHandedBack', ref)
  }

  /** The hot path: most tasks pass here, and most of them are of interest to nobody. */
  #reportSuccess(task: TaskInHand, status: string): void {
    this.#attempts.succeeded(task.offer)
    if (writesDebug(this.#log)) this.#log.debug(endOf(task, status), 'Task ended')
    if (this.#events.has('taskFinished')) this.#events.emit('taskFinished', endOf(task, status))
  }

  #reportFailure(task: TaskInHand, outcome: Unsuccessful): void {
    const end = endOf(task, outcome.kind)
    this.#failed?.save(task.offer, outcome)
    this.#logEnd(task, outcome, end)
    if (!this.#events.has('taskFinished')) return
    const error = outcome.kind === 'failure' && { error: errorOf(outcome) }
    this.#events.emit('taskFinished', { ...end, ...error })
  }

  /** The handler ended after its task was given up. */
  endedLate(task: TaskInHand, outcome: Outcome): void {
    const shown = errorIn(outcome)
    this.#log.warn(
      { ...refTo(task.offer), ...(shown && { err: shown.err }) },
      'Handler ended after its task had been given up: its result is dropped',
    )
  }

  /** The orchestrator has answered for the result. */
  settled(result: TaskResult, settlement: Settlement): void {
    const { taskId, jobId } = result
    switch (settlement.kind) {
      case 'taken':
        if (this.#events.has('resultDelivered')) this.#events.emit('resultDelivered', { taskId, jobId })
        return
      case 'ignored':
        this.#ignored(result, settlement.reason)
        return
      default:
        this.#refused(result, settlement)
    }
  }

  setAside({ taskId, jobId }: TaskResult, error: Error): void {
    const fields = { taskId, jobId, err: error }
    this.#log.error(
      fields,
      'Result not delivered after all quick retries: the worker retries it every minute',
    )
    this.#events.emit('resultSetAside', { taskId, jobId, error })
  }

  /** A bug of this package in the path of a task. */
  broke(offer: TaskOffer, error: unknown): void {
    this.#log.error({ ...refTo(offer), err: error }, 'Internal error in the path of a task: please report it')
  }

  /** A task that was refused unseen has its own line already: its orchestrator decides how many there are. */
  #logEnd({ offer }: TaskInHand, outcome: Unsuccessful, end: End): void {
    const shown = offer.refusal ? undefined : errorIn(outcome)
    if (!shown) {
      this.#log.debug(end, 'Task ended')
      return
    }
    const { err, isBug } = shown
    const level = isBug ? 'error' : 'warn'
    if (outcome.kind === 'failure') {
      const { code } = outcome.error
      const fields = { ...end, code, attempt: this.#attempts.failed(offer), err }
      this.#log[level](fields, `Task "${offer.taskName}" failed with ${code}`)
    } else
      this.#log[level](
        { ...end, err },
        `Handler of task "${offer.taskName}" threw after its task was cancelled`,
      )
  }

  #ignored({ taskId, jobId }: TaskResult, reason: string): void {
    this.#log.warn({ taskId, jobId, reason }, 'Result ignored: the orchestrator no longer needs it')
    const counted = this.ignored.has(reason) || this.ignored.size < MAX_REASONS ? reason : 'other'
    this.ignored.set(counted, (this.ignored.get(counted) ?? 0) + 1)
    this.#events.emit('resultIgnored', { taskId, jobId, reason })
  }

  #refused({ taskId, jobId, outcome }: TaskResult, { kind, error, isKept }: Refusal): void {
    const fields = { taskId, jobId, err: error }
    const what =
      kind === 'replaced'
        ? 'Result not readable for the orchestrator: a short failure took its place'
        : 'Result refused for good by the orchestrator'
    if (isKept) this.#log.error(fields, `${what}: stored as a dead letter`)
    // Without a dead letter the log is the last place that has the outcome.
    else this.#log.error({ ...fields, outcome }, `${what}: it is dropped`)
    this.#events.emit('resultRefused', { taskId, jobId, error })
  }
}

/** The result of a task as it is sent. */
export const resultOf = (task: TaskInHand, outcome: Outcome): TaskResult => {
  const result = untracedResultOf(task, outcome)
  const { trace } = task
  return trace ? { ...result, trace } : result
}

const untracedResultOf = (task: TaskInHand, outcome: Outcome): TaskResult => {
  const { jobId, taskId } = task.offer
  const { workerId } = task.from
  const executionMs = durationOf(task)
  if (executionMs === undefined) return { jobId, taskId, workerId, outcome }
  return { jobId, taskId, workerId, outcome, executionMs }
}

/** How a task ended, for the log and for listeners. */
const endOf = (task: TaskInHand, status: string): End => ({
  ...refTo(task.offer),
  status,
  durationMs: durationOf(task) ?? 0,
})

/** How long the handler ran, in ms; `undefined` if it never ran. */
const durationOf = ({ startedMs, endedMs }: TaskInHand): number | undefined =>
  startedMs === undefined ? undefined : toMicroseconds(endedMs - startedMs)

/** More digits would be sent twice and read by nobody. */
const toMicroseconds = (ms: number): number => Math.round(ms * 1_000) / 1_000
