import { randomUUID } from 'node:crypto'
import {
  eventValidation,
  flag,
  generation,
  journalSync,
  keepTaskFiles,
  logFormat,
  logLevel,
  onOff,
  orchestratorMode,
  s3Addressing,
  trace,
} from './choice-kinds.js'
import { costs, entryList, jsonList, jsonObject } from './json-kinds.js'
import { optional } from './kind.js'
import { bytes, count, delay, gigabytes, interval, port } from './number-kinds.js'
import { bucket, directory, file, keyPrefix, secret, text, workerId } from './text-kinds.js'
import { httpUrl, storeUrl } from './url-kinds.js'
import type { VariableRow } from './variable-row.js'

/** The default token of orchestrators, which is public. */
export const DEFAULT_TOKEN = 'your-secret-worker-token'

/**
 * Every environment variable, in the order of the documentation. This is their only description: the comment is the
 * meaning, and its first paragraph goes into docs/reference/configuration.md. After a change, run `npm run variables`. It writes
 * the attributes of `WorkerConfigValues`, the members of `Settings`, and the table in docs/reference/configuration.md.
 */
export const VARIABLES = {
  /**
   * Name of this worker, unique at each orchestrator.
   *
   * 1 to 128 characters of `A-Z a-z 0-9 _ . : -`. Orchestrators of the second generation accept no `.` and no `:`.
   */
  WORKER_ID: {
    kind: workerId,
    setting: 'workerId',
    get default() {
      return `worker-${randomUUID()}`
    },
    defaultText: '`worker-` and a random UUID',
  },
  /** Group of this worker in the lists of the orchestrator. */
  WORKER_TYPE: { kind: text, setting: 'workerType', option: true, default: 'generic-cpu-worker' },
  /** Port of the health server. 0 chooses a free port. */
  WORKER_PORT: { kind: port, setting: 'workerPort', default: 8083 },
  /** Serve the metrics for Prometheus at `/metrics` of the health server. */
  WORKER_METRICS: { kind: flag, setting: 'metrics', default: true },
  /**
   * Spans of tasks if the application has set up OpenTelemetry: `parent` continues the trace of the job, `link` begins a
   * trace for each task with a link to the job, `off` makes no spans.
   *
   * Use `link` for jobs of many steps or of many days, because their traces grow without end.
   */
  WORKER_TRACE: { kind: trace, setting: 'trace', option: true, default: 'parent' },
  /**
   * Token that authenticates the worker. All workers of an orchestrator may share it.
   *
   * The default is public, so the worker logs a warning if it is used.
   */
  WORKER_TOKEN: { kind: secret, default: DEFAULT_TOKEN },
  /** Token of this worker alone. Overrides `WORKER_TOKEN`. */
  WORKER_INDIVIDUAL_TOKEN: { kind: optional(secret) },
  /**
   * URL of the only orchestrator.
   *
   * If code sets it, it overrides the variable `ORCHESTRATORS_CONFIG`.
   */
  ORCHESTRATOR_URL: { kind: httpUrl, default: 'http://localhost:8080' },
  /**
   * List of orchestrators, if there are several. Overrides `ORCHESTRATOR_URL`.
   *
   * Code may set a list or its JSON text. If the text is not a JSON list, the worker logs a warning and uses
   * `ORCHESTRATOR_URL`. An empty list counts as not set. The text is never printed, because it may contain tokens.
   */
  ORCHESTRATORS_CONFIG: { kind: entryList, default: [] },
  /**
   * Use of several orchestrators. `FAILOVER`: one at a time, by priority. `WATERFALL`: all, the next one while those before
   * it have no tasks. `ROUND_ROBIN`: all, by weight.
   */
  MULTI_ORCHESTRATOR_MODE: { kind: orchestratorMode, setting: 'orchestratorMode', default: 'FAILOVER' },
  /**
   * Generation of the wire protocol: `classic` (orchestrators up to 1.0b8), `rxon` (the second), or `auto` to detect it.
   */
  ORCHESTRATOR_PROTOCOL: { kind: generation, default: 'auto' },
  /**
   * Key that verifies the signatures of tasks. Without it, no signature is verified.
   *
   * The worker refuses a task with a missing or wrong signature: it reports a failure and does not run the task. The
   * first generation signs no tasks. Therefore a key is an error with `classic`, and with `auto` the worker does not
   * use an orchestrator of that generation. In a list of orchestrators, an empty `secretKey` leaves the key out for one of
   * them.
   */
  ORCHESTRATOR_SECRET_KEY: { kind: optional(secret) },
  /**
   * Maximum age of a signed task, by its `timestamp`. The worker refuses an older task. Requires a key for signatures.
   *
   * The limit protects from replays: somebody who has recorded a signed task can give it to a worker again. It must
   * exceed the time that a task may wait in its queue, and the clock of this machine must be right.
   */
  TASK_MAX_AGE: { kind: optional(interval), setting: 'taskMaxAgeMs' },
  /**
   * Use short-lived STS tokens instead of `WORKER_TOKEN` if the orchestrator issues them.
   *
   * The worker still signs its messages with `WORKER_TOKEN`.
   */
  WORKER_USE_STS: { kind: flag, setting: 'usesSts', default: false },
  /**
   * PEM file with the CA certificates to trust instead of the default ones.
   *
   * The worker reads the three TLS files again when they change.
   */
  TLS_CA_PATH: { kind: optional(file), setting: 'tls.caPath' },
  /** PEM file with the client certificate of this worker. Requires `TLS_KEY_PATH`. */
  TLS_CERT_PATH: { kind: optional(file), setting: 'tls.certPath', requires: 'TLS_KEY_PATH' },
  /** PEM file with the private key of the client certificate. Requires `TLS_CERT_PATH`. */
  TLS_KEY_PATH: { kind: optional(file), setting: 'tls.keyPath', requires: 'TLS_CERT_PATH' },
  /** Maximum number of tasks that run at the same time, at least 1. */
  MAX_CONCURRENT_TASKS: { kind: count(1), setting: 'maxConcurrentTasks', option: true, default: 10 },
  /**
   * Maximum size of one task, as the orchestrator sends it.
   *
   * A larger task fails with PERMANENT_ERROR. Put large values into files.
   */
  MAX_TASK_BYTES: { kind: bytes, setting: 'maxTaskBytes', default: 16_777_216 },
  /** Cost of one second of each skill (task name), such as `{"resize": 0.5}`. */
  COST_PER_SKILL: { kind: costs, setting: 'costPerSkill', default: {} },
  /** Number of CPU cores that the worker reports to the orchestrator, at least 1. */
  CPU_CORES: { kind: count(1), default: 4 },
  /** Memory that the worker reports to the orchestrator. 0 reports none. */
  RAM_GB: { kind: gigabytes, default: 0 },
  /** Model of the GPU that the worker reports to the orchestrator. Without it, the worker reports no GPU. */
  GPU_MODEL: { kind: optional(text) },
  /** Memory of the GPU. Ignored without `GPU_MODEL`. */
  GPU_VRAM_GB: { kind: gigabytes, default: 0 },
  /**
   * Devices besides the GPU, one object each with at least `type`.
   *
   * Example: `[{"type": "tpu", "model": "v5e"}]`. Only orchestrators of the second generation receive them.
   */
  WORKER_DEVICES: { kind: jsonList, setting: 'devices', default: [] },
  /** Installed software and its versions, such as `{"ffmpeg": "7.1"}`. */
  INSTALLED_SOFTWARE: {
    kind: jsonObject,
    setting: 'installedSoftware',
    default: { node: process.versions.node },
    defaultText: '`{"node": …}` with the running version',
  },
  /** Installed models, one object each. */
  INSTALLED_MODELS: { kind: jsonList, setting: 'installedModels', default: [] },
  /**
   * Other installed artifacts, one object each with at least `name`.
   *
   * Example: `[{"name": "imagenet", "version": "2012"}]`. Only orchestrators of the second generation receive them, in
   * one list with `INSTALLED_MODELS`.
   */
  INSTALLED_ARTIFACTS: { kind: jsonList, setting: 'installedArtifacts', default: [] },
  /** Time between two heartbeats. */
  HEARTBEAT_INTERVAL: { kind: interval, setting: 'heartbeatIntervalMs', default: 15 },
  /** Time to collect changes before an early heartbeat reports them. */
  WORKER_HEARTBEAT_DEBOUNCE_DELAY: { kind: delay, setting: 'heartbeatDebounceMs', default: 0.1 },
  /** Open a WebSocket to receive commands. */
  WORKER_ENABLE_WEBSOCKETS: { kind: flag, setting: 'websocketsEnabled', default: false },
  /** Time that a cancelled handler has to end. After it, the worker reports the task as cancelled. */
  WORKER_CANCEL_GRACE: { kind: delay, setting: 'cancelGraceMs', default: 5 },
  /**
   * If a task declares its events, send no other event. `throw`: an event that is not sent fails the call of `emit`.
   *
   * By default, an event that does not match its schema, that the task does not declare or that is not JSON is logged as an
   * error, and the task goes on. `false` sends an event that the task does not declare, with a warning.
   */
  STRICT_EVENT_VALIDATION: { kind: eventValidation, setting: 'eventValidation', default: true },
  /** Number of quick retries of a result. After them, the worker retries about once a minute. */
  RESULT_MAX_RETRIES: { kind: count(0), setting: 'resultMaxRetries', default: 5 },
  /** Maximum delay before the first retry of a result. It doubles with each retry. */
  RESULT_RETRY_INITIAL_DELAY: { kind: interval, setting: 'resultRetryInitialDelayMs', default: 1 },
  /** Maximum time that the orchestrator holds a poll. */
  TASK_POLL_TIMEOUT: { kind: interval, setting: 'pollTimeoutMs', default: 30 },
  /** Maximum delay after the first failed poll. It doubles with each failure. */
  TASK_POLL_ERROR_DELAY: { kind: interval, setting: 'pollErrorDelayMs', default: 5 },
  /** Delay between a poll without a task and the next poll. */
  IDLE_POLL_DELAY: { kind: delay, setting: 'idlePollDelayMs', default: 0.01 },
  /** Time that running tasks have to end when the worker stops. */
  WORKER_SHUTDOWN_TIMEOUT: { kind: delay, setting: 'shutdownTimeoutMs', default: 35 },
  /** Directory of the journal and the dead letters. Only one worker can use it at a time. */
  WORKER_STATE_DIR: {
    kind: optional(directory),
    defaultText: '`avtomatika-worker/` and the id, in `$XDG_STATE_HOME` or `~/.local/state`',
  },
  /** Keep accepted tasks and undelivered results on disk. */
  WORKER_JOURNAL: { kind: flag, setting: 'journal', default: true },
  /**
   * Durability of the journal. `always` waits for the disk and survives a power failure. `never` leaves the disk to the
   * operating system and survives only a crash of the worker.
   */
  WORKER_JOURNAL_SYNC: { kind: journalSync, setting: 'journalSyncs', default: 'never' },
  /** After a crash, take tasks under a second worker id until the polls of the crashed process have ended. */
  WORKER_POLL_FENCE: { kind: flag, setting: 'pollFence', default: true },
  /**
   * Directory that contains the directories of the tasks.
   *
   * If `/tmp/payloads` belongs to another user and the variable is not set, the worker uses `/tmp/payloads-<uid>`.
   */
  TASK_FILES_DIR: { kind: directory, setting: 'taskFilesDir', default: '/tmp/payloads' },
  /**
   * Maximum size of the directory of one task.
   *
   * A task that needs more fails with PERMANENT_ERROR.
   */
  TASK_FILES_MAX_BYTES: { kind: optional(bytes), setting: 'taskFilesMaxBytes' },
  /**
   * Task directories that are kept for debugging: `never`, `on-failure` or `always`.
   *
   * The worker never removes a directory that it keeps.
   */
  WORKER_KEEP_TASK_FILES: { kind: keepTaskFiles, setting: 'keepTaskFiles', default: 'never' },
  /**
   * Directory for the params of failed tasks, one file each. `avtomatika-worker replay FILE` runs such a task again.
   *
   * Tokens and keys of the worker, and members with names such as `password` or `apiKey`, are saved as `***`. At most
   * 1,000 files are written. Only the user of the worker can read them.
   */
  WORKER_SAVE_FAILED: { kind: optional(directory), setting: 'saveFailedDir' },
  /** Directory that caches downloaded objects for later tasks. Several workers may share it. */
  WORKER_BLOB_CACHE_DIR: { kind: optional(directory), setting: 'blobCacheDir' },
  /** Maximum size of that cache. */
  WORKER_BLOB_CACHE_MAX_BYTES: { kind: bytes, setting: 'blobCacheMaxBytes', default: 10_737_418_240 },
  /**
   * URL of an S3-compatible store, or `aws`.
   *
   * Without an endpoint, a region and keys, the worker leaves `s3://` values as they are.
   */
  S3_ENDPOINT_URL: { kind: optional(storeUrl), setting: 's3.endpointUrl' },
  /**
   * Region of the store.
   *
   * With `aws`, the default is the region that the AWS SDK finds.
   */
  S3_REGION: { kind: optional(text), setting: 's3.region' },
  /**
   * Place of the bucket name in requests: `path`, `virtual` (in the host name) or `auto`.
   *
   * `auto` is `virtual` at AWS and `path` at other stores, until a store requests `virtual`.
   */
  S3_ADDRESSING: { kind: s3Addressing, setting: 's3.addressing', default: 'auto' },
  /** Access key of the store. Requires `S3_SECRET_KEY`. */
  S3_ACCESS_KEY: { kind: optional(secret), setting: 's3.accessKey', requires: 'S3_SECRET_KEY' },
  /** Secret key of the store. Requires `S3_ACCESS_KEY`. */
  S3_SECRET_KEY: { kind: optional(secret), setting: 's3.secretKey', requires: 'S3_ACCESS_KEY' },
  /** Bucket for the files of results. */
  S3_DEFAULT_BUCKET: { kind: bucket, setting: 's3.defaultBucket', default: 'avtomatika-payloads' },
  /** Folder in that bucket for the files of results. */
  S3_KEY_PREFIX: { kind: keyPrefix, setting: 's3.keyPrefix' },
  /** Maximum number of transfers at the same time, at least 1. */
  S3_MAX_CONCURRENCY: { kind: count(1), setting: 's3.maxConcurrency', default: 8 },
  /**
   * Time for retries while the store fails or cannot be reached, since the last progress of a transfer. 0: no retries.
   */
  S3_RETRY_MAX_SECONDS: {
    kind: optional(delay),
    setting: 's3.retryMaxMs',
    defaultText: '`120` for downloads, `600` for uploads',
  },
  /**
   * Report long downloads and uploads as the progress of their task.
   *
   * An update has a message such as "downloading 3 of 8, 40 %". There is at most one in half a second.
   */
  TRANSFER_PROGRESS: { kind: onOff, setting: 's3.transferProgress', default: true },
  /** Lowest level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  LOG_LEVEL: { kind: logLevel, setting: 'logLevel', default: 'info' },
  /**
   * Format of the log on standard output: `pretty` (readable lines), `json` (one object a line), or `auto`.
   *
   * `auto` writes readable lines to a terminal and JSON elsewhere. `text` means `pretty`.
   */
  LOG_FORMAT: { kind: logFormat, setting: 'logFormat', default: 'auto' },
} as const satisfies Record<string, VariableRow>

export type VariableName = keyof typeof VARIABLES

export const VARIABLE_NAMES = Object.keys(VARIABLES) as VariableName[]

/** The row of one variable. */
export const variable = (name: VariableName): VariableRow => VARIABLES[name]

/** The default value of one variable. A copy, because callers may change it in place. */
export const defaultOf = (name: VariableName): unknown => structuredClone(variable(name).default)
