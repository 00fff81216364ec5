import type { ResultSink } from '../delivery/lane.js'
import type { TaskRef } from '../events.js'
import type { ProgressUpdate, TaskEvent, TaskOffer } from '../protocol/messages.js'
import type { TaskSignal } from '../tasks/task-signal.js'
import type { Timer } from '../utils/time.js'

/** Where a task came from, and where all that is said about it goes. */
export interface TaskSource extends ResultSink {
  progress(update: ProgressUpdate): void
  emit(event: TaskEvent): void
  /** The result follows: there is no more progress. */
  settle(taskId: string): void
}

/** A task between its offer and its result. */
export interface TaskInHand {
  readonly offer: TaskOffer
  readonly from: TaskSource
  readonly taskType: string | undefined
  readonly signal: TaskSignal
  /** `undefined` while it waits for a slot of its type. */
  startedMs: number | undefined
  /** Runs from its cancel on. */
  grace: Timer | undefined
  /** Runs while it does, where it has a deadline. */
  deadline: Timer | undefined
  /** Its result has been passed on: whatever the handler still does, there is no second one. */
  reported: boolean
  /** The same work under other ids: these end as it does. */
  repeats: readonly TaskInHand[]
  /** The task that does its work for it. */
  readonly original: TaskInHand | undefined
}

/** Whether it is given up or about to be: nobody can join it. */
export const isOver = ({ reported, signal }: TaskInHand): boolean => reported || signal.reason !== undefined

/** What people and listeners are told of a task. */
export const refTo = ({ taskId, jobId, taskName }: TaskOffer): TaskRef => ({ taskId, jobId, taskName })
