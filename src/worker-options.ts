import type { TraceRelationName } from './config/choice-kinds.js'
import type { WorkerConfig } from './config/worker-config.js'
import type { UsageChecker } from './connections/heartbeat/reported-usage.js'
import type { CapacityChecker } from './execution/capacity-check.js'
import type { ObjectStore } from './storage/object-store.js'
import type { Logger } from './utils/logger.js'

/** The options of a worker. Each option wins over the configuration. */
export interface WorkerOptions {
  /** The group of the worker in the orchestrator's lists. Default: `WORKER_TYPE`, else `generic-cpu-worker`. */
  workerType?: string
  /** The most tasks that run at once, at least 1. Default: `MAX_CONCURRENT_TASKS`, else 10. */
  maxConcurrentTasks?: number
  /** The most tasks of one task type that run at once, by task type. Default: only the global limit. */
  taskTypeLimits?: Readonly<Record<string, number>>
  /**
   * The models that each skill (task name) needs. A skill is hot while all its models are loaded. A skill that is not listed here
   * is hot while its own name is in the hot cache. Default: none.
   */
  skillDependencies?: Readonly<Record<string, readonly string[]>>
  /**
   * What else the orchestrator keeps with the record of the worker, such as `{ rack: 'b7' }`. Must be JSON. Orchestrators of the
   * first generation take none. Default: none.
   */
  metadata?: object
  /**
   * The spans of tasks, if the application has set up OpenTelemetry before the start of the worker. `parent` continues the trace
   * of the job, `link` begins a trace for each task with a link to the job, `off` makes no spans. Default: `WORKER_TRACE`, else
   * `parent`.
   */
  trace?: TraceRelationName
  /**
   * Returns whether the worker can take a task of this name now, such as when a GPU is free. Called often, so it has to be
   * quick. While it returns false for all names, the worker polls nobody and asks it every second. Default: always.
   */
  capacityChecker?: CapacityChecker
  /** Returns the load that heartbeats tell, instead of the load that the worker measures. Default: the measured load. */
  usageChecker?: UsageChecker
  /** All other settings. Default: the environment variables. */
  config?: WorkerConfig
  /**
   * The object store behind `s3://` values, instead of S3. Default: the store of the `S3_…` variables. Without a store the
   * worker passes `s3://` values on unchanged.
   */
  objectStore?: ObjectStore
  /** The logger of the worker and its handlers. Default: lines on standard output, as `LOG_LEVEL` and `LOG_FORMAT` say. */
  logger?: Logger
}

/** The names of all options. */
export const WORKER_OPTIONS = Object.keys({
  workerType: true,
  maxConcurrentTasks: true,
  taskTypeLimits: true,
  skillDependencies: true,
  metadata: true,
  trace: true,
  capacityChecker: true,
  usageChecker: true,
  config: true,
  objectStore: true,
  logger: true,
} satisfies Record<keyof WorkerOptions, true>)

/** The options of {@link Worker.stop}. */
export interface StopOptions {
  /**
   * How long the open polls may take to end by themselves, in ms. Default: `WORKER_SHUTDOWN_TIMEOUT`.
   *
   * The orchestrator holds a poll for up to 30 s and does not notice when the worker cancels it. The next task for this
   * worker id then goes to the cancelled poll and is lost until the orchestrator's own timeout. Use a shorter time only if
   * that does no harm.
   */
  pollGraceMs?: number
}

/** Whether a worker takes tasks. */
export interface Readiness {
  readonly ready: boolean
  /** Why the worker takes no tasks, or what is wrong although it does. Example: one of several orchestrators is away. */
  readonly reason?: string
}
