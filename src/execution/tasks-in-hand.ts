import { TaskCancelledError, type TaskError, TaskTimeoutError } from '../errors.js'
import type { Events } from '../events.js'
import type { Outcome, ProgressUpdate, TaskEvent, TaskOffer } from '../protocol/messages.js'
import { judgeError } from '../tasks/judge.js'
import { runTask, type TaskSurroundings } from '../tasks/run-task.js'
import type { TracingSlot } from '../tracing/tracing.js'
import { Condition } from '../utils/condition.js'
import { type Logger, writesDebug } from '../utils/logger.js'
import type { StartContext } from '../utils/start-context.js'
import { after, monotonicMs, wallMs } from '../utils/time.js'
import { TurnoverMap } from '../utils/turnover-map.js'
import type { Wake } from '../utils/wake.js'
import type { EventLoopWatch } from './event-loop-watch.js'
import { HANDED_BACK } from './handed-back.js'
import { CANCELLED, OfferCheck } from './offer-check.js'
import type { RepeatedOffers } from './repeated-offers.js'
import { runTraced, traceOf } from './run-traced.js'
import type { Slots } from './slots.js'
import type { StrayRejections } from './stray-rejections.js'
import { type LateReports, refTo, TaskInHand, type TaskSource } from './task-in-hand.js'

/** The parts of a worker that run its tasks. */
export interface Execution {
  /** How long a cancelled handler may take to end, in ms. After that its task is reported without it. */
  readonly cancelGraceMs: number
  readonly surroundings: TaskSurroundings
  readonly slots: Slots<TaskInHand>
  readonly repeats: RepeatedOffers<TaskInHand>
  readonly watch: Pick<EventLoopWatch, 'ended'>
  readonly reports: LateReports
  readonly strays: Pick<StrayRejections, 'run'>
  readonly tracing: TracingSlot
  /** Abort listeners are called in it. */
  readonly context: StartContext
  readonly events: Events
  readonly log: Logger
  /** Triggered when a slot was taken or freed. */
  readonly wake: Wake
}

/** Every task that was accepted and whose handler has not ended. */
export class TasksInHand {
  readonly #execution: Execution
  readonly #tasks = new TurnoverMap<string, TaskInHand>()
  readonly #offers: OfferCheck
  readonly #changed = new Condition()
  /** Accepted tasks whose result has not been passed on. */
  #unreported = 0

  constructor(execution: Execution) {
    this.#execution = execution
    this.#offers = new OfferCheck(execution.repeats, execution.log)
  }

  /** The tasks whose handlers run, or wait for a slot. */
  get running(): readonly TaskInHand[] {
    return this.#tasks.values()
  }

  /**
   * Accepts an offer, whose slot the poll has reserved. Some tasks are decided already and are not run.
   *
   * @returns `undefined` for an offer of a task that is still in hand
   */
  accept(offer: TaskOffer, from: TaskSource): TaskInHand | undefined {
    const { slots, wake } = this.#execution
    if (this.#tasks.has(offer.taskId)) {
      slots.unreserve()
      this.#offers.repeated(offer)
      return undefined
    }
    this.#unreported++
    const known = this.#offers.check(offer, from)
    if (known) {
      slots.unreserve()
      return known instanceof TaskInHand
        ? this.#join(offer, from, known)
        : this.#decidedAs(known, offer, from)
    }
    const task = this.#make(offer, from)
    this.#tasks.set(offer.taskId, task)
    this.#execution.repeats.began(task)
    task.hasSlot = slots.admit(task, task.taskType)
    wake.trigger()
    return task
  }

  /** Runs the task as soon as it has a slot. Resolves to its outcome, which may come before the handler ends. */
  run(task: TaskInHand): Promise<Outcome> {
    task.isRecorded = true
    this.#startIfReady(task)
    return task.outcome
  }

  /** Frees the slot of a task whose result has been passed on. A handler that goes on keeps the slot until it ends. */
  free(task: TaskInHand): void {
    this.#unreported--
    if (task.hasEnded) this.#release(task)
    this.#changed.notify()
    this.#execution.wake.trigger()
  }

  /**
   * Cancels a task, or all tasks of a job. An orchestrator can cancel only tasks that it gave, under whichever worker id.
   *
   * @param id - of the task, or of its job
   */
  cancel(id: string, from: TaskSource): void {
    const tasks = this.#find(id, from)
    for (const task of tasks) this.#cancel(task)
    if (tasks.length === 0) this.#offers.cancelled(id, from)
  }

  /** Whether the task is in hand, and its outcome is not decided or being decided by an abort. */
  isRunning(taskId: string): boolean {
    return this.#tasks.get(taskId)?.isEnding === false
  }

  /** Passes on the progress of a task, unless its outcome is decided. */
  progress(update: ProgressUpdate): void {
    const task = this.#tasks.get(update.taskId)
    if (task && !task.isDecided) task.from.uplink.progress(update)
  }

  /** Passes on an event of a handler, unless the outcome of its task is decided. */
  emit(event: TaskEvent): void {
    const task = this.#tasks.get(event.taskId)
    if (task && !task.isDecided) task.from.uplink.emit(event)
  }

  /** Starts the tasks in the queue that may run, because a pause has ended or a limit has grown. */
  startWaiting(): void {
    for (let task = this.#execution.slots.next(); task; task = this.#execution.slots.next()) this.#begin(task)
    this.#execution.wake.trigger()
  }

  /** From now on every offer is handed back. */
  refuseOffers(): void {
    this.#offers.refuseOffers()
  }

  /** Hands back the tasks that wait for a slot. */
  handBackWaiting(): void {
    for (const task of this.#execution.slots.takeQueued()) {
      this.#drop(task)
      task.decide(HANDED_BACK)
    }
    this.#changed.notify()
  }

  /** Aborts the signal of every task. */
  abortAll(reason: TaskError): void {
    for (const task of this.#tasks.values()) this.#abort(task, reason)
  }

  /** Decides every task that was aborted, without waiting for its handler. Resolves when all results are passed on. */
  giveUp(): Promise<void> {
    for (const task of this.#tasks.values()) {
      if (!task.isDecided) task.decide(judgeError(task.signal.reason))
    }
    return this.#changed.until(() => this.#unreported === 0)
  }

  /** Resolves when every handler has ended and every result has been passed on. */
  empty(): Promise<void> {
    return this.#changed.until(() => this.#tasks.size === 0 && this.#unreported === 0)
  }

  #decidedAs(outcome: Outcome, offer: TaskOffer, from: TaskSource): TaskInHand {
    const task = this.#make(offer, from)
    task.decide(outcome)
    return task
  }

  #join(offer: TaskOffer, from: TaskSource, original: TaskInHand): TaskInHand {
    const repeat = this.#make(offer, from, original)
    this.#tasks.set(offer.taskId, repeat)
    original.repeats = [...original.repeats, repeat]
    void original.outcome.then((outcome) => repeat.decide(outcome))
    return repeat
  }

  #make(offer: TaskOffer, from: TaskSource, original?: TaskInHand): TaskInHand {
    const definition = this.#execution.surroundings.registry.get(offer.taskName)
    const task = new TaskInHand(offer, from, definition?.taskType, original)
    const tracing = this.#execution.tracing.current
    if (tracing) task.trace = traceOf(offer, definition, tracing)
    return task
  }

  #drop(task: TaskInHand): void {
    this.#tasks.delete(task.offer.taskId)
    for (const { offer } of task.repeats) this.#tasks.delete(offer.taskId)
  }

  #find(id: string, from: TaskSource): TaskInHand[] {
    const task = this.#tasks.get(id)
    const found = task ? [task] : this.running.filter(({ offer }) => offer.jobId === id)
    return found.filter((each) => each.from.url === from.url)
  }

  #cancel(named: TaskInHand): void {
    const { slots, log, cancelGraceMs } = this.#execution
    const task = named.original ?? named
    if (task.isDecided || task.grace) return
    log.info(refTo(named.offer), 'Task cancelled by the orchestrator')
    if (slots.withdraw(task)) {
      this.#drop(task)
      task.decide(CANCELLED)
      return
    }
    task.grace = after(cancelGraceMs, () => this.#goOnWithout(task))
    this.#abort(task, new TaskCancelledError())
  }

  /** The listeners of the signal are code of the application. */
  #abort({ signal }: TaskInHand, reason: TaskError): void {
    this.#execution.context.run(() => signal.abort(reason))
  }

  /** The handler ignores its signal. The orchestrator need not wait for the handler, but the slot has to. */
  #goOnWithout(task: TaskInHand): void {
    this.#execution.log.warn(
      refTo(task.offer),
      'Cancelled handler still runs after WORKER_CANCEL_GRACE: its task is reported as cancelled, its slot stays in use. Pass ctx.signal to slow calls',
    )
    task.decide(judgeError(task.signal.reason))
  }

  #startIfReady(task: TaskInHand): void {
    if (!task.hasSlot || !task.isRecorded || task.isDecided) return
    const { events, log, surroundings, strays, tracing } = this.#execution
    const { offer } = task
    task.startedMs = monotonicMs()
    this.#watchDeadline(task)
    if (writesDebug(log)) log.debug(refTo(offer), 'Task started')
    if (events.has('taskStarted')) events.emit('taskStarted', refTo(offer))
    const traced = tracing.current
    void strays
      .run(offer, () =>
        traced ? runTraced(task, traced, surroundings) : runTask(offer, task.signal, surroundings),
      )
      .then((outcome) => this.#handlerEnded(task, outcome))
  }

  /** A task whose deadline has passed while it waited is not begun. */
  #watchDeadline(task: TaskInHand): void {
    const { deadlineMs } = task.offer
    if (deadlineMs === undefined) return
    const leftMs = deadlineMs - wallMs()
    const timeOut = () => this.#abort(task, new TaskTimeoutError())
    if (leftMs <= 0) timeOut()
    else task.deadline = after(leftMs, timeOut)
  }

  #handlerEnded(task: TaskInHand, outcome: Outcome): void {
    const { watch, wake, reports } = this.#execution
    this.#drop(task)
    task.hasEnded = true
    watch.ended(task.offer.taskName)
    if (!task.isDecided) {
      task.decide(outcome)
      return
    }
    reports.endedLate(task, outcome)
    this.#release(task)
    this.#changed.notify()
    wake.trigger()
  }

  #release(task: TaskInHand): void {
    if (!task.hasSlot) return
    task.hasSlot = false
    const next = this.#execution.slots.release(task.taskType)
    if (next) this.#begin(next)
  }

  #begin(task: TaskInHand): void {
    task.hasSlot = true
    this.#startIfReady(task)
  }
}
