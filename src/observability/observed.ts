import type { Connections } from '../connections/connections.js'
import type { Delivery } from '../delivery/delivery.js'
import type { WorkerState } from '../events.js'
import type { EventLoopWatch } from '../execution/event-loop-watch.js'
import type { Slots } from '../execution/slots.js'
import type { TaskInHand } from '../execution/task-in-hand.js'
import type { TaskStats } from '../execution/task-stats.js'
import type { TasksInHand } from '../execution/tasks-in-hand.js'
import type { Journal } from '../journal/journal.js'
import type { Settings } from '../settings.js'
import type { TransferCounts } from '../storage/transfer-counts.js'
import type { Takeover } from '../takeover/takeover.js'
import type { TaskRegistry } from '../tasks/definition.js'
import type { TaskDirectories } from '../tasks/files/task-directories.js'
import type { EventCounts } from './event-counts.js'

/** The parts of a running worker whose state is reported. Reports only read. */
export interface ObservedParts {
  readonly slots: Slots<TaskInHand>
  readonly tasks: Pick<TasksInHand, 'running'>
  readonly stats: TaskStats
  readonly delivery: Pick<Delivery, 'undelivered' | 'oldestMs' | 'hasRoom' | 'stats'>
  readonly journal: Pick<Journal, 'trouble' | 'isKept' | 'size' | 'deadLetters'>
  readonly directories: Pick<TaskDirectories, 'diskSpace'>
  readonly watch: Pick<EventLoopWatch, 'blockage'>
  readonly takeover: Pick<Takeover, 'trouble'>
  /** Absent without a `capacityChecker`. */
  readonly capacity: { readonly hasAny: boolean } | undefined
  /** `undefined` before the worker has started. */
  readonly connections: Connections | undefined
  /** How many results the orchestrators have ignored, by their reasons. */
  readonly ignored: ReadonlyMap<string, number>
}

/** Everything that a snapshot, the metrics and a diagnosis are made of. */
export interface Observed extends ObservedParts {
  readonly settings: Settings
  readonly registry: Pick<TaskRegistry, 'all'>
  readonly transfers: TransferCounts
  readonly counts: EventCounts
  readonly state: WorkerState
  readonly isReady: boolean
  /** Why no task can come, or what is wrong although tasks can. */
  readonly reason: string | undefined
}
