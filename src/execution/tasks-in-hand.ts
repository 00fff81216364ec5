import type { Delivery } from '../delivery/delivery.js'
import { TaskCancelledError, type TaskError, TaskTimeoutError } from '../errors.js'
import type { Events } from '../events.js'
import type { Outcome, ProgressUpdate, Receipt, TaskEvent, TaskOffer } from '../protocol/messages.js'
import { judgeError } from '../tasks/judge.js'
import { runTask, type TaskSurroundings } from '../tasks/run-task.js'
import { TaskSignal } from '../tasks/task-signal.js'
import { Condition } from '../utils/condition.js'
import type { Logger } from '../utils/logger.js'
import { after, monotonicMs, wallMs } from '../utils/time.js'
import { TurnoverMap } from '../utils/turnover-map.js'
import type { Wake } from '../utils/wake.js'
import { EarlyCancels } from './early-cancels.js'
import { RepeatedOffers } from './repeated-offers.js'
import type { Slots } from './slots.js'
import type { StrayRejections } from './stray-rejections.js'
import { isOver, refTo, type TaskInHand, type TaskSource } from './task-in-hand.js'
import { TaskReports } from './task-reports.js'

/** Where it is written down that a task was taken; calls `then` when it is, at once where nothing is written. */
export interface TaskJournal {
  accepted(offer: TaskOffer, from: TaskSource, then?: () => void): void
}

export interface TasksInHandOptions {
  /** How long a cancelled handler has until it is reported without it, in ms. */
  readonly cancelGraceMs: number
  readonly surroundings: TaskSurroundings
  readonly strays: Pick<StrayRejections, 'run'>
  readonly slots: Slots<TaskInHand>
  readonly delivery: Delivery
  readonly journal: TaskJournal
  readonly events: Events
  readonly log: Logger
  /** False once the worker drains: what comes then is handed back. */
  readonly accepts: () => boolean
  /** A handler has ended. */
  readonly onEnd: (taskName: string) => void
  /** Triggered when a slot was taken or freed. */
  readonly wake: Wake
}

/** Every task that was accepted and has no result yet. Each leaves with exactly one result, or is handed back. */
export class TasksInHand {
  readonly #options: TasksInHandOptions
  readonly #tasks = new TurnoverMap<string, TaskInHand>()
  readonly #earlyCancels = new EarlyCancels<TaskSource>()
  readonly #repeats = new RepeatedOffers<TaskInHand>()
  readonly #ended = new Condition()
  readonly #reports: TaskReports

  constructor(options: TasksInHandOptions) {
    this.#options = options
    const { delivery, events, log } = options
    const onOutcome = (task: TaskInHand, outcome: Outcome) => this.#repeats.ended(task, outcome)
    this.#reports = new TaskReports({ delivery, events, log, onOutcome })
  }

  /** What still runs, given up or not. */
  get running(): readonly TaskInHand[] {
    return this.#tasks.values()
  }

  /** Takes an offer whose poll has reserved a slot. */
  take(offer: TaskOffer, from: TaskSource): void {
    const { slots, wake } = this.#options
    if (this.#turnsAway(offer, from)) {
      slots.unreserve()
      return
    }
    const task = this.#accept(offer, from)
    const isAdmitted = slots.admit(task, task.taskType)
    // A handler may end the process: what it was at has to be on the disk by then.
    this.#options.journal.accepted(offer, from, () => isAdmitted && this.#run(task))
    wake.trigger()
  }

  /**
   * Calls off a task, or the tasks of a job. Only those that came from there, to whichever id: an orchestrator has no say
   * in another's.
   *
   * @param id - of the task, or of its job
   */
  cancel(id: string, from: TaskSource): void {
    const tasks = this.#find(id, from)
    for (const task of tasks) this.#cancel(task)
    if (tasks.length > 0) return
    this.#earlyCancels.add(id, from)
    this.#options.log.debug({ id, orchestrator: from.url }, 'a task is cancelled that is not in hand')
  }

  /** Passes on how far a task is, unless its result has been passed on. */
  progress(update: ProgressUpdate): void {
    const task = this.#tasks.get(update.taskId)
    if (task && !task.reported) task.from.progress(update)
  }

  /** Passes on what a handler tells, unless its task's result has been passed on. */
  emit(event: TaskEvent): void {
    const task = this.#tasks.get(event.taskId)
    if (task && !task.reported) task.from.emit(event)
  }

  /** The orchestrator has answered for the result of a task. */
  answered(offer: TaskOffer, receipt: Receipt): void {
    this.#repeats.answered(offer, receipt)
  }

  /** Gives back what waits for a slot. */
  handBackWaiting(): void {
    for (const task of this.#options.slots.takeWaiting()) {
      this.#drop(task)
      this.#repeats.ended(task)
      for (const { offer, from } of [task, ...task.repeats]) this.#reports.handBack(offer, from)
    }
    this.#ended.notify()
  }

  /** Aborts the signal of every running task. */
  abortAll(reason: TaskError): void {
    for (const task of this.#tasks.values()) task.signal.abort(reason)
  }

  /** Reports what still runs and was aborted, without waiting for its handler. */
  giveUp(): void {
    for (const task of this.#tasks.values()) this.#reports.report(task, judgeError(task.signal.reason))
  }

  /** Resolves when nothing is in hand. */
  empty(): Promise<void> {
    return this.#ended.until(() => this.#tasks.size === 0)
  }

  /** Deals with an offer that is not to be run. */
  #turnsAway(offer: TaskOffer, from: TaskSource): boolean {
    if (this.#tasks.has(offer.taskId)) {
      this.#options.log.warn(
        refTo(offer),
        'the orchestrator offers a task again that is still in hand: it runs once',
      )
      return true
    }
    if (this.#earlyCancels.take(offer.taskId, from)) {
      this.#options.log.info(refTo(offer), 'a task comes that has been cancelled already: it is not started')
      this.#reports.report(this.#hold(offer, from), CANCELLED)
      return true
    }
    if (this.#isRepeat(offer, from)) return true
    if (this.#options.accepts()) return false
    this.#reports.handBack(offer, from)
    return true
  }

  /** Deals with work that is offered again under another id. */
  #isRepeat(offer: TaskOffer, from: TaskSource): boolean {
    const earlier = this.#repeats.take(offer)
    if (earlier?.outcome) this.#reports.report(this.#hold(offer, from), earlier.outcome)
    else if (earlier?.task && !isOver(earlier.task)) this.#join(offer, from, earlier.task)
    else return false
    this.#options.log.warn(
      refTo(offer),
      'the orchestrator offers the same step of a job again under another task id: it runs once',
    )
    return true
  }

  #join(offer: TaskOffer, from: TaskSource, original: TaskInHand): void {
    const repeat = this.#hold(offer, from, original)
    original.repeats = [...original.repeats, repeat]
    this.#tasks.set(offer.taskId, repeat)
    this.#options.journal.accepted(offer, from)
  }

  #accept(offer: TaskOffer, from: TaskSource): TaskInHand {
    const task = this.#hold(offer, from)
    this.#tasks.set(offer.taskId, task)
    this.#repeats.began(task)
    return task
  }

  /** Lets go of a task, and of what ends with it. */
  #drop(task: TaskInHand): void {
    this.#tasks.delete(task.offer.taskId)
    for (const { offer } of task.repeats) this.#tasks.delete(offer.taskId)
  }

  #hold(offer: TaskOffer, from: TaskSource, original?: TaskInHand): TaskInHand {
    const taskType = this.#options.surroundings.registry.get(offer.taskName)?.taskType
    return {
      offer,
      from,
      taskType,
      signal: new TaskSignal(),
      startedMs: undefined,
      grace: undefined,
      deadline: undefined,
      reported: false,
      repeats: NONE,
      original,
    }
  }

  #find(id: string, from: TaskSource): TaskInHand[] {
    const task = this.#tasks.get(id)
    const found = task ? [task] : this.running.filter(({ offer }) => offer.jobId === id)
    return found.filter((each) => each.from.url === from.url)
  }

  #cancel(named: TaskInHand): void {
    const { slots, log, cancelGraceMs, wake } = this.#options
    const task = named.original ?? named
    if (task.reported || task.grace) return
    log.info(refTo(named.offer), 'the orchestrator cancels a task')
    if (slots.withdraw(task)) {
      this.#drop(task)
      this.#reports.report(task, CANCELLED)
      this.#ended.notify()
      wake.trigger()
      return
    }
    task.grace = after(cancelGraceMs, () => this.#goOnWithout(task))
    task.signal.abort(new TaskCancelledError())
  }

  /** The handler ignores its signal: the orchestrator need not wait for it, the slot has to. */
  #goOnWithout(task: TaskInHand): void {
    this.#options.log.warn(
      refTo(task.offer),
      'a cancelled handler goes on: its task is reported as cancelled, its slot is free when it ends',
    )
    this.#reports.report(task, judgeError(task.signal.reason))
  }

  #run(task: TaskInHand): void {
    const { events, surroundings, strays } = this.#options
    const ref = refTo(task.offer)
    task.startedMs = monotonicMs()
    this.#watchDeadline(task)
    if (events.has('taskStarted')) events.emit('taskStarted', ref)
    void strays
      .run(ref, () => runTask(task.offer, task.signal, surroundings))
      .then((outcome) => this.#end(task, outcome))
  }

  /** A task that waited past its deadline is not begun. */
  #watchDeadline(task: TaskInHand): void {
    const { deadlineMs } = task.offer
    if (deadlineMs === undefined) return
    const leftMs = deadlineMs - wallMs()
    const giveUp = () => task.signal.abort(new TaskTimeoutError())
    if (leftMs <= 0) giveUp()
    else task.deadline = after(Math.min(leftMs, LONGEST_TIMER_MS), giveUp)
  }

  #end(task: TaskInHand, outcome: Outcome): void {
    const { slots, wake, onEnd, log } = this.#options
    this.#drop(task)
    task.grace?.cancel()
    task.deadline?.cancel()
    onEnd(task.offer.taskName)
    // The slot first: a failure that is dispatched again at once must find this worker able to take it.
    const next = slots.release(task.taskType)
    if (task.reported)
      log.warn(refTo(task.offer), 'a handler ended after its task had been given up: its result is dropped')
    else this.#reports.report(task, outcome)
    if (next) this.#run(next)
    this.#ended.notify()
    wake.trigger()
  }
}

/** 24 days: a longer timer would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

const NONE: readonly TaskInHand[] = []

const CANCELLED: Outcome = { kind: 'cancelled' }
