import type { ResultSink } from '../delivery/result-queue.js'
import type { TaskRef } from '../events.js'
import type { Outcome, ProgressUpdate, ResultTrace, TaskEvent, TaskOffer } from '../protocol/messages.js'
import { TaskSignal } from '../tasks/task-signal.js'
import { monotonicMs, type Timer } from '../utils/time.js'

/** Sends progress and events of running tasks to one orchestrator. */
export interface TaskUplink {
  progress(update: ProgressUpdate): void
  emit(event: TaskEvent): void
  /** The result of the task follows: sends the last progress now. */
  settle(taskId: string): void
}

/** The orchestrator that offered a task. Results, progress and events of the task go back there. */
export interface TaskSource extends ResultSink {
  readonly uplink: TaskUplink
}

/** Hears of handlers whose result nobody waits for. */
export interface LateReports {
  /** The handler ended after its task was given up. */
  endedLate(task: TaskInHand, outcome: Outcome): void
}

/** A task from its offer until its handler has ended. */
export class TaskInHand {
  readonly offer: TaskOffer
  readonly from: TaskSource
  readonly taskType: string | undefined
  readonly signal = new TaskSignal()
  /** When the offer came, by the monotonic clock. */
  readonly acceptedMs = monotonicMs()
  /** Another task that does the same work. This task ends with its outcome. */
  readonly original: TaskInHand | undefined
  /** Resolves to the outcome that is reported: of the handler, or without waiting for the handler. */
  readonly outcome: Promise<Outcome>
  #resolve!: (outcome: Outcome) => void
  #isDecided = false
  /** Whether the task may run as far as the limits are concerned. */
  hasSlot = false
  /** Whether the journal knows the task. */
  isRecorded = false
  /** Whether the handler has ended. */
  hasEnded = false
  /** `undefined` until the handler runs. */
  startedMs: number | undefined
  /** When the outcome was decided, by the monotonic clock. */
  endedMs = 0
  /** Runs from the cancellation to the report without the handler. */
  grace: Timer | undefined
  /** Runs while the handler does, if the offer has a deadline. */
  deadline: Timer | undefined
  /** The trace that the delivery of the result continues; `undefined` without tracing. */
  trace: ResultTrace | undefined
  /** Tasks under other ids that end with this one. */
  repeats: readonly TaskInHand[] = NONE

  constructor(offer: TaskOffer, from: TaskSource, taskType?: string, original?: TaskInHand) {
    this.offer = offer
    this.from = from
    this.taskType = taskType
    this.original = original
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Whether the outcome is decided. Whatever the handler does after that, there is no second result. */
  get isDecided(): boolean {
    return this.#isDecided
  }

  /** Whether the task is decided or about to be: no repeated offer can join it. */
  get isEnding(): boolean {
    return this.#isDecided || this.signal.reason !== undefined
  }

  /** Decides the outcome. The first call wins. Whatever the handler still does, no timer keeps the process alive. */
  decide(outcome: Outcome): void {
    if (this.#isDecided) return
    this.#isDecided = true
    this.grace?.cancel()
    this.deadline?.cancel()
    this.endedMs = monotonicMs()
    this.#resolve(outcome)
  }
}

const NONE: readonly TaskInHand[] = []

/** The ids that logs and events show. */
export const refTo = ({ taskId, jobId, taskName }: TaskOffer): TaskRef => ({ taskId, jobId, taskName })
