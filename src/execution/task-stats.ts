import { ShutdownError, TaskCancelledError, type TaskError, TaskTimeoutError } from '../errors.js'
import type { Outcome } from '../protocol/messages.js'
import type { TaskRegistry } from '../tasks/definition.js'
import { Histogram } from '../utils/histogram.js'
import type { TaskInHand } from './task-in-hand.js'

/**
 * The end of a task.
 *
 * - `success`: the handler returned a result, maybe with a status of its own.
 * - `failure`: the handler threw or returned a failure, or the task could not run.
 * - `cancelled`: the orchestrator cancelled the task.
 * - `handed_back`: the worker drained before the task began.
 */
export type TaskOutcome = 'success' | 'failure' | 'cancelled' | 'handed_back'
export const TASK_OUTCOMES: readonly TaskOutcome[] = ['success', 'failure', 'cancelled', 'handed_back']

/** The outcomes of tasks whose handler ran. */
export type RunOutcome = Exclude<TaskOutcome, 'handed_back'>
export const RUN_OUTCOMES: readonly RunOutcome[] = ['success', 'failure', 'cancelled']

/** Why the signal of a task was aborted. */
export type AbortReason = 'cancelled' | 'timeout' | 'shutdown'
export const ABORT_REASONS: readonly AbortReason[] = ['cancelled', 'timeout', 'shutdown']

/** The upper limits of the ranges, in seconds. */
const DURATION_BOUNDS_S = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600, 3_600]
const WAIT_BOUNDS_S = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600]
const CANCEL_BOUNDS_S = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30]

/** The name under which all names that are not registered are counted. A registered task may have it, too. */
export const OTHER_TASKS = '_other'

/** An orchestrator decides how many unknown names come, and how long they are. */
const MAX_UNKNOWN = 20
const SHOWN_NAME = 128

/** The counts of one task name. */
export interface NameStats {
  readonly total: Record<TaskOutcome, number>
  /** How long the handlers ran, in seconds. */
  readonly durations: Readonly<Record<RunOutcome, Histogram>>
}

const newNameStats = (): NameStats => ({
  total: { success: 0, failure: 0, cancelled: 0, handed_back: 0 },
  durations: {
    success: new Histogram(DURATION_BOUNDS_S),
    failure: new Histogram(DURATION_BOUNDS_S),
    cancelled: new Histogram(DURATION_BOUNDS_S),
  },
})

/** Counts the tasks that ended, by registered task name. All other names count as one. */
export class TaskStats {
  /** From the arrival of a task until its handler runs, in seconds. */
  readonly waits = new Histogram(WAIT_BOUNDS_S)
  /** From the abort of a signal until the outcome of its task is decided, in seconds. */
  readonly cancels: Readonly<Record<AbortReason, Histogram>> = {
    cancelled: new Histogram(CANCEL_BOUNDS_S),
    timeout: new Histogram(CANCEL_BOUNDS_S),
    shutdown: new Histogram(CANCEL_BOUNDS_S),
  }
  /** The tasks whose name is not registered. */
  readonly other = newNameStats()
  readonly #registry: Pick<TaskRegistry, 'get'>
  readonly #byName = new Map<string, NameStats>()
  readonly #unknown = new Map<string, number>()
  #acceptedMs = 0

  constructor(registry: Pick<TaskRegistry, 'get'>) {
    this.#registry = registry
  }

  /** When the last of the tasks that ended had come, on the monotonic clock; 0 before. */
  get acceptedMs(): number {
    return this.#acceptedMs
  }

  /** How often tasks with an unknown name came, by name. Has a limited number of names. */
  get unknown(): ReadonlyMap<string, number> {
    return this.#unknown
  }

  /** @param name - a registered task name */
  of(name: string): NameStats {
    const known = name === OTHER_TASKS ? this.other : this.#byName.get(name)
    if (known) return known
    const added = newNameStats()
    this.#byName.set(name, added)
    return added
  }

  /** The hot path: each task passes here once. */
  ended(task: TaskInHand, outcome: Outcome, isHandedBack: boolean): void {
    const { offer, acceptedMs, startedMs, endedMs, signal } = task
    const stats = this.#byName.get(offer.taskName) ?? this.#statsFor(offer.taskName)
    const name = outcome.kind === 'value' ? 'success' : outcome.kind
    stats.total[isHandedBack ? 'handed_back' : name]++
    if (acceptedMs > this.#acceptedMs) this.#acceptedMs = acceptedMs
    if (startedMs === undefined) return
    stats.durations[name].observe((endedMs - startedMs) / 1_000)
    this.waits.observe((startedMs - acceptedMs) / 1_000)
    if (signal.reason) this.#aborted(signal.reason, (endedMs - signal.abortedMs) / 1_000)
  }

  #statsFor(name: string): NameStats {
    if (this.#registry.get(name)) return this.of(name)
    const shown = name.slice(0, SHOWN_NAME)
    const count = this.#unknown.get(shown)
    if (count !== undefined || this.#unknown.size < MAX_UNKNOWN) this.#unknown.set(shown, (count ?? 0) + 1)
    return this.other
  }

  /** A handler that ended before it could see the abort has no latency. */
  #aborted(error: TaskError, seconds: number): void {
    const reason = reasonOf(error)
    if (reason && seconds >= 0) this.cancels[reason].observe(seconds)
  }
}

const reasonOf = (error: TaskError): AbortReason | undefined => {
  if (error instanceof TaskCancelledError) return 'cancelled'
  if (error instanceof TaskTimeoutError) return 'timeout'
  return error instanceof ShutdownError ? 'shutdown' : undefined
}
