import type { Resources } from './protocol/messages.js'
import type { JsonObject, JsonValue } from './utils/json.js'

/** How several orchestrators are used. */
export type OrchestratorMode = 'failover' | 'round-robin' | 'waterfall'

/** The generation of the wire protocol of an orchestrator; `auto` detects it. */
export type GenerationChoice = 'auto' | 'classic' | 'rxon'

/** The lowest level that is logged. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** How the log is written. `auto`: readable lines on a terminal, JSON elsewhere. */
export type LogFormat = 'auto' | 'json' | 'pretty'

/** What becomes of an event that the task must not send. `false` sends an undeclared one, and `throw` fails the call. */
export type EventValidation = boolean | 'throw'

/** The task directories that are kept for debugging. */
export type KeepTaskFiles = 'never' | 'on-failure' | 'always'

/** How the spans of a task relate to the trace of its job. `off`: there are no spans. */
export type TraceRelation = 'parent' | 'link' | 'off'

/** How a request names its bucket: in the path, in the host name, or as the store wants it. */
export type S3Addressing = 'auto' | 'path' | 'virtual'

/** One orchestrator. Its token, its key and its proxy are printed as `***`. */
export interface OrchestratorSettings {
  readonly url: string
  readonly priority: number
  readonly weight: number
  readonly token: string
  readonly generation: GenerationChoice
  /** Verifies the signatures of its tasks. */
  readonly taskKey?: string
  /** The URL of the proxy on the way there. It may have a password. */
  readonly proxyUrl?: string
}

/** Access to the object store. The keys are printed as `***`. */
export interface S3Settings {
  // #region settings.s3: `npm run variables` writes them from config/variables.ts
  /** `S3_ENDPOINT_URL`: URL of an S3-compatible store, or `aws`. */
  readonly endpointUrl?: string
  /** `S3_REGION`: Region of the store. */
  readonly region?: string
  /** `S3_ADDRESSING`: Place of the bucket name in requests: `path`, `virtual` (in the host name) or `auto`. */
  readonly addressing: S3Addressing
  /** `S3_ACCESS_KEY`: Access key of the store. */
  readonly accessKey?: string
  /** `S3_SECRET_KEY`: Secret key of the store. */
  readonly secretKey?: string
  /** `S3_DEFAULT_BUCKET`: Bucket for the files of results. */
  readonly defaultBucket: string
  /** `S3_KEY_PREFIX`: Folder in that bucket for the files of results. */
  readonly keyPrefix: string
  /** `S3_MAX_CONCURRENCY`: Maximum number of transfers at the same time, at least 1. */
  readonly maxConcurrency: number
  /**
   * `S3_RETRY_MAX_SECONDS`: Time for retries while the store fails or cannot be reached, since the last progress of a
   * transfer.
   */
  readonly retryMaxMs?: number
  /** `TRANSFER_PROGRESS`: Report long downloads and uploads as the progress of their task. */
  readonly transferProgress: boolean
  // #endregion
}

/** The TLS files. A certificate and its key are given together or not at all. */
export interface TlsSettings {
  // #region settings.tls: `npm run variables` writes them from config/variables.ts
  /** `TLS_CA_PATH`: PEM file with the CA certificates to trust instead of the default ones. */
  readonly caPath?: string
  /** `TLS_CERT_PATH`: PEM file with the client certificate of this worker. */
  readonly certPath?: string
  /** `TLS_KEY_PATH`: PEM file with the private key of the client certificate. */
  readonly keyPath?: string
  // #endregion
}

/** The configuration, checked and frozen. Durations are in ms. */
export interface Settings {
  // #region settings: `npm run variables` writes them from config/variables.ts
  /** `WORKER_ID`: Name of this worker, unique at each orchestrator. */
  readonly workerId: string
  /** `WORKER_TYPE`: Group of this worker in the lists of the orchestrator. */
  readonly workerType: string
  /** `WORKER_PORT`: Port of the health server. */
  readonly workerPort: number
  /** `WORKER_METRICS`: Serve the metrics for Prometheus at `/metrics` of the health server. */
  readonly metrics: boolean
  /**
   * `WORKER_TRACE`: Spans of tasks if the application has set up OpenTelemetry: `parent` continues the trace of the
   * job, `link` begins a trace for each task with a link to the job, `off` makes no spans.
   */
  readonly trace: TraceRelation
  /** `MULTI_ORCHESTRATOR_MODE`: Use of several orchestrators. */
  readonly orchestratorMode: OrchestratorMode
  /** `TASK_MAX_AGE`: Maximum age of a signed task, by its `timestamp`. */
  readonly taskMaxAgeMs: number | undefined
  /** `WORKER_USE_STS`: Use short-lived STS tokens instead of `WORKER_TOKEN` if the orchestrator issues them. */
  readonly usesSts: boolean
  /** `MAX_CONCURRENT_TASKS`: Maximum number of tasks that run at the same time, at least 1. */
  readonly maxConcurrentTasks: number
  /** `MAX_TASK_BYTES`: Maximum size of one task, as the orchestrator sends it. */
  readonly maxTaskBytes: number
  /** `COST_PER_SKILL`: Cost of one second of each skill (task name), such as `{"resize": 0.5}`. */
  readonly costPerSkill: Readonly<Record<string, number>>
  /** `WORKER_DEVICES`: Devices besides the GPU, one object each with at least `type`. */
  readonly devices: readonly JsonValue[]
  /** `INSTALLED_SOFTWARE`: Installed software and its versions, such as `{"ffmpeg": "7.1"}`. */
  readonly installedSoftware: JsonObject
  /** `INSTALLED_MODELS`: Installed models, one object each. */
  readonly installedModels: readonly JsonValue[]
  /** `INSTALLED_ARTIFACTS`: Other installed artifacts, one object each with at least `name`. */
  readonly installedArtifacts: readonly JsonValue[]
  /** `HEARTBEAT_INTERVAL`: Time between two heartbeats. */
  readonly heartbeatIntervalMs: number
  /** `WORKER_HEARTBEAT_DEBOUNCE_DELAY`: Time to collect changes before an early heartbeat reports them. */
  readonly heartbeatDebounceMs: number
  /** `WORKER_ENABLE_WEBSOCKETS`: Open a WebSocket to receive commands. */
  readonly websocketsEnabled: boolean
  /** `WORKER_CANCEL_GRACE`: Time that a cancelled handler has to end. */
  readonly cancelGraceMs: number
  /** `STRICT_EVENT_VALIDATION`: If a task declares its events, send no other event. */
  readonly eventValidation: EventValidation
  /** `RESULT_MAX_RETRIES`: Number of quick retries of a result. */
  readonly resultMaxRetries: number
  /** `RESULT_RETRY_INITIAL_DELAY`: Maximum delay before the first retry of a result. */
  readonly resultRetryInitialDelayMs: number
  /** `TASK_POLL_TIMEOUT`: Maximum time that the orchestrator holds a poll. */
  readonly pollTimeoutMs: number
  /** `TASK_POLL_ERROR_DELAY`: Maximum delay after the first failed poll. */
  readonly pollErrorDelayMs: number
  /** `IDLE_POLL_DELAY`: Delay between a poll without a task and the next poll. */
  readonly idlePollDelayMs: number
  /** `WORKER_SHUTDOWN_TIMEOUT`: Time that running tasks have to end when the worker stops. */
  readonly shutdownTimeoutMs: number
  /** `WORKER_JOURNAL`: Keep accepted tasks and undelivered results on disk. */
  readonly journal: boolean
  /** `WORKER_JOURNAL_SYNC`: Durability of the journal. */
  readonly journalSyncs: boolean
  /**
   * `WORKER_POLL_FENCE`: After a crash, take tasks under a second worker id until the polls of the crashed process
   * have ended.
   */
  readonly pollFence: boolean
  /** `TASK_FILES_DIR`: Directory that contains the directories of the tasks. */
  readonly taskFilesDir: string
  /** `TASK_FILES_MAX_BYTES`: Maximum size of the directory of one task. */
  readonly taskFilesMaxBytes: number | undefined
  /** `WORKER_KEEP_TASK_FILES`: Task directories that are kept for debugging: `never`, `on-failure` or `always`. */
  readonly keepTaskFiles: KeepTaskFiles
  /** `WORKER_SAVE_FAILED`: Directory for the params of failed tasks, one file each. */
  readonly saveFailedDir: string | undefined
  /** `WORKER_BLOB_CACHE_DIR`: Directory that caches downloaded objects for later tasks. */
  readonly blobCacheDir: string | undefined
  /** `WORKER_BLOB_CACHE_MAX_BYTES`: Maximum size of that cache. */
  readonly blobCacheMaxBytes: number
  /** `LOG_LEVEL`: Lowest level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly logLevel: LogLevel
  /**
   * `LOG_FORMAT`: Format of the log on standard output: `pretty` (readable lines), `json` (one object a line), or
   * `auto`.
   */
  readonly logFormat: LogFormat
  // #endregion
  /** Whether the worker id is random, so the next process has another one. */
  readonly workerIdIsMadeUp: boolean
  readonly hostname: string
  readonly ipAddress: string
  readonly resources: Resources
  readonly extra: JsonObject
  /** What else the orchestrators keep with the record of the worker. */
  readonly metadata: JsonObject | undefined
  /** Identifies the object store. `undefined` if no store is configured. */
  readonly s3ConfigHash: string | undefined
  readonly taskTypeLimits: Readonly<Record<string, number>>
  readonly skillDependencies: Readonly<Record<string, readonly string[]>>
  readonly orchestrators: readonly OrchestratorSettings[]
  /** `undefined` if `WORKER_STATE_DIR` is not set and the user has no home directory. */
  readonly stateDir: string | undefined
  /** Whether `WORKER_STATE_DIR` is not set. An unsafe default directory is not used; an unsafe given one is an error. */
  readonly stateDirIsDefault: boolean
  /** Whether `TASK_FILES_DIR` is not set. Then the worker may use another directory. */
  readonly taskFilesDirIsDefault: boolean
  /** Whether the process runs in a Kubernetes pod. */
  readonly isInPod: boolean
  readonly tls: TlsSettings
  readonly s3: S3Settings
}
