import type { Resources } from '../protocol/messages.js'
import type { JsonValue } from '../utils/json.js'
import type {
  EventValidationName,
  GenerationName,
  KeepTaskFilesName,
  LogFormatName,
  LogLevelName,
  OrchestratorModeName,
  S3AddressingName,
  TraceRelationName,
} from './choice-kinds.js'
import type { OrchestratorEntry } from './orchestrators.js'

/**
 * The attributes of `WorkerConfig`. Each has the name of its environment variable; durations are in seconds. Logs and
 * errors never show tokens and keys.
 */
export interface WorkerConfigValues {
  // #region attributes: `npm run variables` writes them from variables.ts
  /**
   * Name of this worker, unique at each orchestrator. 1 to 128 characters of `A-Z a-z 0-9 _ . : -`. Orchestrators of
   * the second generation accept no `.` and no `:`.
   * Variable `WORKER_ID`. Default: `worker-` and a random UUID.
   */
  WORKER_ID: string
  /** Group of this worker in the lists of the orchestrator. Variable `WORKER_TYPE`. Default: `generic-cpu-worker`. */
  WORKER_TYPE: string
  /** Port of the health server. 0 chooses a free port. Variable `WORKER_PORT`. Default: `8083`. */
  WORKER_PORT: number
  /**
   * Serve the metrics for Prometheus at `/metrics` of the health server.
   * Variable `WORKER_METRICS`. Default: `true`.
   */
  WORKER_METRICS: boolean
  /**
   * Spans of tasks if the application has set up OpenTelemetry: `parent` continues the trace of the job, `link`
   * begins a trace for each task with a link to the job, `off` makes no spans. Use `link` for jobs of many steps or
   * of many days, because their traces grow without end.
   * Variable `WORKER_TRACE`. Default: `parent`.
   */
  WORKER_TRACE: TraceRelationName
  /**
   * Token that authenticates the worker. All workers of an orchestrator may share it. The default is public, so the
   * worker logs a warning if it is used.
   * Variable `WORKER_TOKEN`. Default: `your-secret-worker-token`.
   */
  WORKER_TOKEN: string
  /** Token of this worker alone. Overrides `WORKER_TOKEN`. Variable `WORKER_INDIVIDUAL_TOKEN`. Default: none. */
  WORKER_INDIVIDUAL_TOKEN: string | undefined
  /**
   * URL of the only orchestrator. If code sets it, it overrides the variable `ORCHESTRATORS_CONFIG`.
   * Variable `ORCHESTRATOR_URL`. Default: `http://localhost:8080`.
   */
  ORCHESTRATOR_URL: string
  /**
   * List of orchestrators, if there are several. Overrides `ORCHESTRATOR_URL`. Code may set a list or its JSON text.
   * If the text is not a JSON list, the worker logs a warning and uses `ORCHESTRATOR_URL`. An empty list counts as
   * not set. The text is never printed, because it may contain tokens.
   * Variable `ORCHESTRATORS_CONFIG` (JSON). Default: `[]`.
   */
  ORCHESTRATORS_CONFIG: string | readonly OrchestratorEntry[]
  /**
   * Use of several orchestrators. `FAILOVER`: one at a time, by priority. `WATERFALL`: all, the next one while those
   * before it have no tasks. `ROUND_ROBIN`: all, by weight.
   * Variable `MULTI_ORCHESTRATOR_MODE`. Default: `FAILOVER`.
   */
  MULTI_ORCHESTRATOR_MODE: OrchestratorModeName
  /**
   * Generation of the wire protocol: `classic` (orchestrators up to 1.0b8), `rxon` (the second), or `auto` to detect
   * it.
   * Variable `ORCHESTRATOR_PROTOCOL`. Default: `auto`.
   */
  ORCHESTRATOR_PROTOCOL: GenerationName
  /**
   * Key that verifies the signatures of tasks. Without it, no signature is verified. The worker refuses a task with a
   * missing or wrong signature: it reports a failure and does not run the task. The first generation signs no tasks.
   * Therefore a key is an error with `classic`, and with `auto` the worker does not use an orchestrator of that
   * generation. In a list of orchestrators, an empty `secretKey` leaves the key out for one of them.
   * Variable `ORCHESTRATOR_SECRET_KEY`. Default: none.
   */
  ORCHESTRATOR_SECRET_KEY: string | undefined
  /**
   * Maximum age of a signed task, by its `timestamp`. The worker refuses an older task. Requires a key for
   * signatures. The limit protects from replays: somebody who has recorded a signed task can give it to a worker
   * again. It must exceed the time that a task may wait in its queue, and the clock of this machine must be right.
   * Variable `TASK_MAX_AGE`, in seconds. Default: none.
   */
  TASK_MAX_AGE: number | undefined
  /**
   * Use short-lived STS tokens instead of `WORKER_TOKEN` if the orchestrator issues them. The worker still signs its
   * messages with `WORKER_TOKEN`.
   * Variable `WORKER_USE_STS`. Default: `false`.
   */
  WORKER_USE_STS: boolean
  /**
   * PEM file with the CA certificates to trust instead of the default ones. The worker reads the three TLS files
   * again when they change.
   * Variable `TLS_CA_PATH`. Default: none.
   */
  TLS_CA_PATH: string | undefined
  /**
   * PEM file with the client certificate of this worker. Requires `TLS_KEY_PATH`.
   * Variable `TLS_CERT_PATH`. Default: none.
   */
  TLS_CERT_PATH: string | undefined
  /**
   * PEM file with the private key of the client certificate. Requires `TLS_CERT_PATH`.
   * Variable `TLS_KEY_PATH`. Default: none.
   */
  TLS_KEY_PATH: string | undefined
  /**
   * Maximum number of tasks that run at the same time, at least 1.
   * Variable `MAX_CONCURRENT_TASKS`. Default: `10`.
   */
  MAX_CONCURRENT_TASKS: number
  /**
   * Maximum size of one task, as the orchestrator sends it. A larger task fails with PERMANENT_ERROR. Put large
   * values into files.
   * Variable `MAX_TASK_BYTES`, in bytes. Default: `16777216`.
   */
  MAX_TASK_BYTES: number
  /**
   * Cost of one second of each skill (task name), such as `{"resize": 0.5}`.
   * Variable `COST_PER_SKILL` (JSON). Default: `{}`.
   */
  COST_PER_SKILL: Record<string, number>
  /**
   * Number of CPU cores that the worker reports to the orchestrator, at least 1.
   * Variable `CPU_CORES`. Default: `4`.
   */
  CPU_CORES: number
  /** Memory that the worker reports to the orchestrator. 0 reports none. Variable `RAM_GB`, in GB. Default: `0`. */
  RAM_GB: number
  /**
   * Model of the GPU that the worker reports to the orchestrator. Without it, the worker reports no GPU.
   * Variable `GPU_MODEL`. Default: none.
   */
  GPU_MODEL: string | undefined
  /** Memory of the GPU. Ignored without `GPU_MODEL`. Variable `GPU_VRAM_GB`, in GB. Default: `0`. */
  GPU_VRAM_GB: number
  /**
   * Devices besides the GPU, one object each with at least `type`. Example: `[{"type": "tpu", "model": "v5e"}]`. Only
   * orchestrators of the second generation receive them.
   * Variable `WORKER_DEVICES` (JSON). Default: `[]`.
   */
  WORKER_DEVICES: readonly JsonValue[]
  /**
   * Installed software and its versions, such as `{"ffmpeg": "7.1"}`.
   * Variable `INSTALLED_SOFTWARE` (JSON). Default: `{"node": …}` with the running version.
   */
  INSTALLED_SOFTWARE: Record<string, JsonValue>
  /** Installed models, one object each. Variable `INSTALLED_MODELS` (JSON). Default: `[]`. */
  INSTALLED_MODELS: readonly JsonValue[]
  /**
   * Other installed artifacts, one object each with at least `name`. Example:
   * `[{"name": "imagenet", "version": "2012"}]`. Only orchestrators of the second generation receive them, in one
   * list with `INSTALLED_MODELS`.
   * Variable `INSTALLED_ARTIFACTS` (JSON). Default: `[]`.
   */
  INSTALLED_ARTIFACTS: readonly JsonValue[]
  /** Time between two heartbeats. Variable `HEARTBEAT_INTERVAL`, in seconds. Default: `15`. */
  HEARTBEAT_INTERVAL: number
  /**
   * Time to collect changes before an early heartbeat reports them.
   * Variable `WORKER_HEARTBEAT_DEBOUNCE_DELAY`, in seconds. Default: `0.1`.
   */
  WORKER_HEARTBEAT_DEBOUNCE_DELAY: number
  /** Open a WebSocket to receive commands. Variable `WORKER_ENABLE_WEBSOCKETS`. Default: `false`. */
  WORKER_ENABLE_WEBSOCKETS: boolean
  /**
   * Time that a cancelled handler has to end. After it, the worker reports the task as cancelled.
   * Variable `WORKER_CANCEL_GRACE`, in seconds. Default: `5`.
   */
  WORKER_CANCEL_GRACE: number
  /**
   * If a task declares its events, send no other event. `throw`: an event that is not sent fails the call of `emit`.
   * By default, an event that does not match its schema, that the task does not declare or that is not JSON is logged
   * as an error, and the task goes on. `false` sends an event that the task does not declare, with a warning.
   * Variable `STRICT_EVENT_VALIDATION`. Default: `true`.
   */
  STRICT_EVENT_VALIDATION: EventValidationName
  /**
   * Number of quick retries of a result. After them, the worker retries about once a minute.
   * Variable `RESULT_MAX_RETRIES`. Default: `5`.
   */
  RESULT_MAX_RETRIES: number
  /**
   * Maximum delay before the first retry of a result. It doubles with each retry.
   * Variable `RESULT_RETRY_INITIAL_DELAY`, in seconds. Default: `1`.
   */
  RESULT_RETRY_INITIAL_DELAY: number
  /** Maximum time that the orchestrator holds a poll. Variable `TASK_POLL_TIMEOUT`, in seconds. Default: `30`. */
  TASK_POLL_TIMEOUT: number
  /**
   * Maximum delay after the first failed poll. It doubles with each failure.
   * Variable `TASK_POLL_ERROR_DELAY`, in seconds. Default: `5`.
   */
  TASK_POLL_ERROR_DELAY: number
  /**
   * Delay between a poll without a task and the next poll.
   * Variable `IDLE_POLL_DELAY`, in seconds. Default: `0.01`.
   */
  IDLE_POLL_DELAY: number
  /**
   * Time that running tasks have to end when the worker stops.
   * Variable `WORKER_SHUTDOWN_TIMEOUT`, in seconds. Default: `35`.
   */
  WORKER_SHUTDOWN_TIMEOUT: number
  /**
   * Directory of the journal and the dead letters. Only one worker can use it at a time.
   * Variable `WORKER_STATE_DIR`. Default: `avtomatika-worker/` and the id, in `$XDG_STATE_HOME` or `~/.local/state`.
   */
  WORKER_STATE_DIR: string | undefined
  /** Keep accepted tasks and undelivered results on disk. Variable `WORKER_JOURNAL`. Default: `true`. */
  WORKER_JOURNAL: boolean
  /**
   * Durability of the journal. `always` waits for the disk and survives a power failure. `never` leaves the disk to
   * the operating system and survives only a crash of the worker.
   * Variable `WORKER_JOURNAL_SYNC`. Default: `never`.
   */
  WORKER_JOURNAL_SYNC: 'always' | 'never'
  /**
   * After a crash, take tasks under a second worker id until the polls of the crashed process have ended.
   * Variable `WORKER_POLL_FENCE`. Default: `true`.
   */
  WORKER_POLL_FENCE: boolean
  /**
   * Directory that contains the directories of the tasks. If `/tmp/payloads` belongs to another user and the variable
   * is not set, the worker uses `/tmp/payloads-<uid>`.
   * Variable `TASK_FILES_DIR`. Default: `/tmp/payloads`.
   */
  TASK_FILES_DIR: string
  /**
   * Maximum size of the directory of one task. A task that needs more fails with PERMANENT_ERROR.
   * Variable `TASK_FILES_MAX_BYTES`, in bytes. Default: none.
   */
  TASK_FILES_MAX_BYTES: number | undefined
  /**
   * Task directories that are kept for debugging: `never`, `on-failure` or `always`. The worker never removes a
   * directory that it keeps.
   * Variable `WORKER_KEEP_TASK_FILES`. Default: `never`.
   */
  WORKER_KEEP_TASK_FILES: KeepTaskFilesName
  /**
   * Directory for the params of failed tasks, one file each. `avtomatika-worker replay FILE` runs such a task again.
   * Tokens and keys of the worker, and members with names such as `password` or `apiKey`, are saved as `***`. At most
   * 1,000 files are written. Only the user of the worker can read them.
   * Variable `WORKER_SAVE_FAILED`. Default: none.
   */
  WORKER_SAVE_FAILED: string | undefined
  /**
   * Directory that caches downloaded objects for later tasks. Several workers may share it.
   * Variable `WORKER_BLOB_CACHE_DIR`. Default: none.
   */
  WORKER_BLOB_CACHE_DIR: string | undefined
  /** Maximum size of that cache. Variable `WORKER_BLOB_CACHE_MAX_BYTES`, in bytes. Default: `10737418240`. */
  WORKER_BLOB_CACHE_MAX_BYTES: number
  /**
   * URL of an S3-compatible store, or `aws`. Without an endpoint, a region and keys, the worker leaves `s3://` values
   * as they are.
   * Variable `S3_ENDPOINT_URL`. Default: none.
   */
  S3_ENDPOINT_URL: string | undefined
  /**
   * Region of the store. With `aws`, the default is the region that the AWS SDK finds.
   * Variable `S3_REGION`. Default: none.
   */
  S3_REGION: string | undefined
  /**
   * Place of the bucket name in requests: `path`, `virtual` (in the host name) or `auto`. `auto` is `virtual` at AWS
   * and `path` at other stores, until a store requests `virtual`.
   * Variable `S3_ADDRESSING`. Default: `auto`.
   */
  S3_ADDRESSING: S3AddressingName
  /** Access key of the store. Requires `S3_SECRET_KEY`. Variable `S3_ACCESS_KEY`. Default: none. */
  S3_ACCESS_KEY: string | undefined
  /** Secret key of the store. Requires `S3_ACCESS_KEY`. Variable `S3_SECRET_KEY`. Default: none. */
  S3_SECRET_KEY: string | undefined
  /** Bucket for the files of results. Variable `S3_DEFAULT_BUCKET`. Default: `avtomatika-payloads`. */
  S3_DEFAULT_BUCKET: string
  /** Folder in that bucket for the files of results. Variable `S3_KEY_PREFIX`. Default: none. */
  S3_KEY_PREFIX: string | undefined
  /** Maximum number of transfers at the same time, at least 1. Variable `S3_MAX_CONCURRENCY`. Default: `8`. */
  S3_MAX_CONCURRENCY: number
  /**
   * Time for retries while the store fails or cannot be reached, since the last progress of a transfer. 0: no
   * retries.
   * Variable `S3_RETRY_MAX_SECONDS`, in seconds. Default: `120` for downloads, `600` for uploads.
   */
  S3_RETRY_MAX_SECONDS: number | undefined
  /**
   * Report long downloads and uploads as the progress of their task. An update has a message such as "downloading 3
   * of 8, 40 %". There is at most one in half a second.
   * Variable `TRANSFER_PROGRESS`. Default: `true`.
   */
  TRANSFER_PROGRESS: boolean | 'off' | 'on'
  /**
   * Lowest level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.
   * Variable `LOG_LEVEL`. Default: `info`.
   */
  LOG_LEVEL: LogLevelName
  /**
   * Format of the log on standard output: `pretty` (readable lines), `json` (one object a line), or `auto`. `auto`
   * writes readable lines to a terminal and JSON elsewhere. `text` means `pretty`.
   * Variable `LOG_FORMAT`. Default: `auto`.
   */
  LOG_FORMAT: LogFormatName
  // #endregion
  /**
   * Orchestrators in use, by priority. Orchestrators of equal priority keep their order.
   * Code may set it, which overrides all variables. `undefined` resets it to the default.
   * No variable. Default: from `ORCHESTRATORS_CONFIG` and `ORCHESTRATOR_URL`.
   */
  ORCHESTRATORS: readonly OrchestratorEntry[] | undefined
  /** Name of this machine, reported to the orchestrator. No variable. Default: the name that the system has. */
  HOSTNAME: string
  /**
   * Address of this machine, reported to the orchestrator.
   * No variable. Default: the first external IPv4 address, else `127.0.0.1`.
   */
  IP_ADDRESS: string
  /**
   * Resources of this machine, reported to the orchestrator.
   * Code may set it, which overrides the variables. `undefined` resets it to the default.
   * No variable. Default: from `CPU_CORES`, `RAM_GB`, `GPU_MODEL` and `GPU_VRAM_GB`.
   */
  RESOURCES: Resources | undefined
  /**
   * Further capabilities by name, which tasks may require. Only orchestrators of the second generation receive them.
   * Default: the variables `WORKER_EXTRA_<NAME>` by their lower-case names. Text that starts with `{` or `[` is read as
   * JSON.
   */
  EXTRA_CAPABILITIES: Record<string, JsonValue>
}

/** The argument of `new WorkerConfig(…)`. `undefined` means "not given". */
export type WorkerConfigOverrides = {
  [Name in keyof WorkerConfigValues]?: WorkerConfigValues[Name] | undefined
}
