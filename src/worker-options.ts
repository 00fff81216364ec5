import type { TraceRelationName } from './config/choice-kinds.js'
import type { WorkerConfig } from './config/worker-config.js'
import type { UsageChecker } from './connections/heartbeat/reported-usage.js'
import type { CapacityChecker } from './execution/capacity-check.js'
import type { ObjectStore } from './storage/object-store.js'
import type { Logger } from './utils/logger.js'

/** The options of a worker. Each option overrides the configuration. */
export interface WorkerOptions {
  /** The group of the worker in the lists of the orchestrator. Default: `WORKER_TYPE`, else `generic-cpu-worker`. */
  workerType?: string
  /** The largest number of tasks that run at once, at least 1. Default: `MAX_CONCURRENT_TASKS`, else 10. */
  maxConcurrentTasks?: number
  /**
   * The largest number of tasks of one type that run at once, by task type. Default: only {@link maxConcurrentTasks} applies.
   *
   * @example
   * new Worker({ maxConcurrentTasks: 20, taskTypeLimits: { gpu: 1 } })
   */
  taskTypeLimits?: Readonly<Record<string, number>>
  /**
   * The models that each task needs, by task name. A task is hot while all of its models are loaded: orchestrators prefer this
   * worker for it. A task that is not listed here is hot while its own name is in the hot cache. Default: none.
   *
   * @example
   * new Worker({ skillDependencies: { paint: ['painter-v1', 'upscaler'] } })
   */
  skillDependencies?: Readonly<Record<string, readonly string[]>>
  /**
   * Other facts that the orchestrator stores with the record of the worker. Must be JSON. Orchestrators of the first generation
   * do not receive them. Default: none.
   *
   * @example
   * new Worker({ metadata: { rack: 'b7' } })
   */
  metadata?: object
  /**
   * The spans of tasks. They need an OpenTelemetry provider that was set up before the start of the worker. `parent` continues the
   * trace of the job. `link` starts a trace for each task, with a link to the job. `off` makes no spans. Default: `WORKER_TRACE`,
   * else `parent`.
   */
  trace?: TraceRelationName
  /**
   * Returns whether the worker can take a task of this name now, for example whether a GPU is free. The worker calls it often, so
   * it must be fast. While it returns false for all names, the worker does not poll, and calls it again every second. Default: the
   * worker can always take a task.
   *
   * @example
   * new Worker({ capacityChecker: (taskName) => taskName !== 'paint' || gpu.isFree })
   */
  capacityChecker?: CapacityChecker
  /**
   * Returns the load of the machine for heartbeats. Default: the worker measures the load itself.
   *
   * @example
   * new Worker({ usageChecker: () => ({ cpuPercent: 40, ramUsedGb: 3.5 }) })
   */
  usageChecker?: UsageChecker
  /** All other settings, see {@link WorkerConfig}. Default: the environment variables. */
  config?: WorkerConfig
  /**
   * An object store for `s3://` values, instead of S3. Default: the store of the `S3_…` variables. Without a store, handlers
   * receive `s3://` values unchanged.
   */
  objectStore?: ObjectStore
  /**
   * The logger of the worker and of its handlers. A pino logger fits. Default: lines on standard output, with the level
   * `LOG_LEVEL` and the format `LOG_FORMAT`.
   */
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
   * How long the worker waits for its open polls to end, in ms. Default: `WORKER_SHUTDOWN_TIMEOUT`.
   *
   * The orchestrator holds a poll for up to 30 s and does not notice that the worker has cancelled it. It then sends the next
   * task for this worker id to the cancelled poll. That task is lost until it times out at the orchestrator. Use a shorter
   * time only if such a delay is acceptable.
   */
  pollGraceMs?: number
}
