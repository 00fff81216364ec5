import { ShutdownError, type TaskError } from '../errors.js'
import type { Events, TaskRef } from '../events.js'
import type { Outcome, TaskOffer } from '../protocol/messages.js'
import { judgeError } from '../tasks/judge.js'
import { runTask, type TaskSurroundings } from '../tasks/run-task.js'
import { TaskSignal } from '../tasks/task-signal.js'
import { Condition } from '../utils/condition.js'
import type { Logger } from '../utils/logger.js'
import { monotonicMs } from '../utils/time.js'
import type { Delivery } from './delivery.js'
import type { ResultSink } from './delivery-lane.js'
import type { Slots } from './slots.js'

export interface TasksInHandOptions {
  readonly workerId: string
  readonly surroundings: TaskSurroundings
  readonly slots: Slots<TaskInHand>
  readonly delivery: Delivery
  readonly events: Events
  readonly log: Logger
  /** False once the worker drains: what comes then is handed back. */
  readonly accepts: () => boolean
  /** A slot was taken or freed. */
  readonly onChange: () => void
}

/** A task between its offer and its result. */
export interface TaskInHand {
  readonly offer: TaskOffer
  readonly from: ResultSink
  readonly taskType: string | undefined
  readonly signal: TaskSignal
  startedMs: number
  /** Its result has been passed on: whatever the handler still does, there is no second one. */
  reported: boolean
}

/** Every task that was accepted and has no result yet. Each leaves with exactly one result, or is handed back. */
export class TasksInHand {
  readonly #options: TasksInHandOptions
  readonly #tasks = new Map<string, TaskInHand>()
  readonly #ended = new Condition()

  constructor(options: TasksInHandOptions) {
    this.#options = options
  }

  /** What still runs, given up or not. */
  get running(): readonly TaskInHand[] {
    return [...this.#tasks.values()]
  }

  /** Takes an offer whose poll has reserved a slot. */
  take(offer: TaskOffer, from: ResultSink): void {
    const { slots, accepts, onChange } = this.#options
    const known = this.#tasks.has(offer.taskId)
    if (known || !accepts()) {
      slots.unreserve()
      if (known)
        this.#options.log.warn(
          refTo(offer),
          'the orchestrator offers a task again that is still in hand: it runs once',
        )
      else this.#handBack(offer, from)
      return
    }
    const task = this.#accept(offer, from)
    if (slots.admit(task, task.taskType)) this.#run(task)
    onChange()
  }

  /** Gives back what waits for a slot. */
  handBackWaiting(): void {
    for (const { offer, from } of this.#options.slots.takeWaiting()) {
      this.#tasks.delete(offer.taskId)
      this.#handBack(offer, from)
    }
    this.#ended.notify()
  }

  /** Aborts the signal of every running task. */
  abortAll(reason: TaskError): void {
    for (const task of this.#tasks.values()) task.signal.abort(reason)
  }

  /** Reports what still runs as failed for `reason`, without waiting for its handler. */
  giveUp(reason: TaskError): void {
    for (const task of this.#tasks.values()) this.#report(task, judgeError(reason))
  }

  /** Resolves when nothing is in hand. */
  empty(): Promise<void> {
    return this.#ended.until(() => this.#tasks.size === 0)
  }

  #accept(offer: TaskOffer, from: ResultSink): TaskInHand {
    const taskType = this.#options.surroundings.registry.get(offer.taskName)?.taskType
    const task = { offer, from, taskType, signal: new TaskSignal(), startedMs: 0, reported: false }
    this.#tasks.set(offer.taskId, task)
    return task
  }

  #run(task: TaskInHand): void {
    const { events, surroundings } = this.#options
    task.startedMs = monotonicMs()
    if (events.has('taskStarted')) events.emit('taskStarted', refTo(task.offer))
    void runTask(task.offer, task.signal, surroundings).then((outcome) => this.#end(task, outcome))
  }

  #end(task: TaskInHand, outcome: Outcome): void {
    const { slots, onChange, log } = this.#options
    this.#tasks.delete(task.offer.taskId)
    // The slot first: a failure that is dispatched again at once must find this worker able to take it.
    const next = slots.release(task.taskType)
    if (task.reported)
      log.warn(refTo(task.offer), 'a handler ended after its task had been given up: its result is dropped')
    else this.#report(task, outcome)
    if (next) this.#run(next)
    this.#ended.notify()
    onChange()
  }

  #report(task: TaskInHand, outcome: Outcome): void {
    if (task.reported) return
    task.reported = true
    this.#deliver(task.offer, task.from, outcome)
    const { events } = this.#options
    if (!events.has('taskFinished')) return
    events.emit('taskFinished', {
      ...refTo(task.offer),
      status: outcome.kind === 'value' ? outcome.status : outcome.kind,
      ...(outcome.kind === 'failure' && { error: outcome.error }),
      durationMs: monotonicMs() - task.startedMs,
    })
  }

  #handBack(offer: TaskOffer, from: ResultSink): void {
    const { events, log } = this.#options
    log.info(refTo(offer), 'the worker is draining: a task is handed back')
    events.emit('taskHandedBack', refTo(offer))
    this.#deliver(
      offer,
      from,
      judgeError(new ShutdownError('the worker is shutting down and has not started this task')),
    )
  }

  #deliver({ jobId, taskId }: TaskOffer, from: ResultSink, outcome: Outcome): void {
    const { delivery, workerId } = this.#options
    delivery.add({ jobId, taskId, workerId, outcome }, from)
  }
}

const refTo = ({ taskId, jobId, taskName }: TaskOffer): TaskRef => ({ taskId, jobId, taskName })
