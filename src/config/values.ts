import type { Resources } from '../protocol/messages.js'
import type { JsonValue } from '../utils/json.js'

/** One orchestrator, as it is written in `ORCHESTRATORS` and `ORCHESTRATORS_CONFIG`. */
export interface OrchestratorEntry {
  /** `http://` or `https://`, with an optional path; no user name, password or query. */
  readonly url: string
  /** `FAILOVER`: the lowest number is tried first. Default: 10. */
  readonly priority?: number
  /** `ROUND_ROBIN`: its share of the polls, above 0. Default: 1. */
  readonly weight?: number
  /** For this orchestrator alone; wins over `WORKER_INDIVIDUAL_TOKEN` and `WORKER_TOKEN`. */
  readonly token?: string
  /** The generation of the wire it speaks. Default: {@link WorkerConfigValues.ORCHESTRATOR_PROTOCOL}. */
  readonly protocol?: GenerationName
  /** The key its tasks are signed with. Default: {@link WorkerConfigValues.ORCHESTRATOR_SECRET_KEY}. */
  readonly secretKey?: string
}

/** An {@link OrchestratorEntry} with its defaults filled in. */
export interface ListedOrchestrator extends OrchestratorEntry {
  readonly priority: number
  readonly weight: number
}

/** How the worker uses several orchestrators; `WATERFALL` is another name of `FAILOVER`. */
export type OrchestratorModeName = 'FAILOVER' | 'ROUND_ROBIN' | 'WATERFALL'

/** The generations of the wire; `auto` is the one that the orchestrator shows. */
export type GenerationName = 'auto' | 'classic' | 'rxon'

/** The names `LOG_LEVEL` takes; `warning` is `warn`, `critical` is `fatal`. */
export type LogLevelName =
  | 'trace'
  | 'debug'
  | 'info'
  | 'warn'
  | 'warning'
  | 'error'
  | 'fatal'
  | 'critical'
  | 'silent'

/** Whose directories stay: nobody's, those of tasks that failed, all. */
export type KeepTaskFilesName = 'never' | 'on-failure' | 'always'

/**
 * What `WorkerConfig` holds; each attribute is named after its variable, durations are in seconds. Tokens and keys are
 * never shown in logs and errors.
 */
export interface WorkerConfigValues {
  /**
   * The worker's name, unique at its orchestrators: 1 to 128 characters out of `A-Z a-z 0-9 _ . : -`
   * (the second generation takes no `.` and no `:`).
   * Variable `WORKER_ID`. Default: `worker-` and a random UUID.
   */
  WORKER_ID: string
  /** Sorts workers into groups. Variable `WORKER_TYPE`. Default: `generic-cpu-worker`. */
  WORKER_TYPE: string
  /** The port of the health server; 0 picks a free one. Variable `WORKER_PORT`. Default: 8083. */
  WORKER_PORT: number
  /**
   * The token that workers share.
   * Variable `WORKER_TOKEN`. Default: `your-secret-worker-token`, with a warning when it is used.
   */
  WORKER_TOKEN: string
  /**
   * A token of this worker alone; wins over {@link WORKER_TOKEN}.
   * Variable `WORKER_INDIVIDUAL_TOKEN`. Default: none.
   */
  WORKER_INDIVIDUAL_TOKEN: string | undefined
  /**
   * The URL of the only orchestrator. Set in code, it wins over an `ORCHESTRATORS_CONFIG` of the environment.
   * Variable `ORCHESTRATOR_URL`. Default: `http://localhost:8080`.
   */
  ORCHESTRATOR_URL: string
  /**
   * Several orchestrators: a list, or its JSON text. Text that is no JSON list is kept as it is, and
   * {@link ORCHESTRATOR_URL} is used, with a warning. It is not shown either, as it may hold tokens.
   * Variable `ORCHESTRATORS_CONFIG`. Default: `[]`, which means "see `ORCHESTRATOR_URL`".
   */
  ORCHESTRATORS_CONFIG: readonly OrchestratorEntry[] | string
  /**
   * The orchestrators in use, by priority, those of equal priority as listed. Set it to decide them in code, above
   * everything else; set `undefined` to have it worked out again from `ORCHESTRATORS_CONFIG` and `ORCHESTRATOR_URL`. No variable.
   */
  ORCHESTRATORS: readonly OrchestratorEntry[] | undefined
  /** `FAILOVER` or `ROUND_ROBIN`. Variable `MULTI_ORCHESTRATOR_MODE`. Default: `FAILOVER`. */
  MULTI_ORCHESTRATOR_MODE: OrchestratorModeName
  /**
   * The generation of the wire: what the orchestrator shows (`auto`), the first (`classic`, up to 1.0b8) or the second
   * (`rxon`). Variable `ORCHESTRATOR_PROTOCOL`. Default: `auto`.
   */
  ORCHESTRATOR_PROTOCOL: GenerationName
  /**
   * The key that orchestrators of the second generation sign tasks with. With it, a task whose signature is missing or
   * wrong is answered as a failure and not run.
   * Variable `ORCHESTRATOR_SECRET_KEY`. Default: none.
   */
  ORCHESTRATOR_SECRET_KEY: string | undefined
  /**
   * Whether short-lived tokens are shown in place of the token, where orchestrators give any; the token still signs.
   * Variable `WORKER_USE_STS`. Default: false.
   */
  WORKER_USE_STS: boolean
  /**
   * The certificates that orchestrators are trusted by, in place of the usual ones: a PEM file. It is read again when it
   * has changed, like the two below. Variable `TLS_CA_PATH`. Default: none.
   */
  TLS_CA_PATH: string | undefined
  /** The certificate of this worker, for orchestrators that ask for one: a PEM file. Variable `TLS_CERT_PATH`. Default: none. */
  TLS_CERT_PATH: string | undefined
  /** The private key of that certificate: a PEM file. Variable `TLS_KEY_PATH`. Default: none. */
  TLS_KEY_PATH: string | undefined
  /** How many tasks run at once, at least 1. Variable `MAX_CONCURRENT_TASKS`. Default: 10. */
  MAX_CONCURRENT_TASKS: number
  /** What a second of each skill costs, by task name. Variable `COST_PER_SKILL` (JSON). Default: `{}`. */
  COST_PER_SKILL: Record<string, number>
  /** How many CPU cores tasks may count on. Variable `CPU_CORES`. Default: 4. */
  CPU_CORES: number
  /** How much memory tasks may count on, in GB; 0 says nothing. Variable `RAM_GB`. Default: 0. */
  RAM_GB: number
  /** The model of the GPU. Variable `GPU_MODEL`. Default: none, which means "no GPU". */
  GPU_MODEL: string | undefined
  /** The memory of the GPU, in GB; counts only with {@link GPU_MODEL}. Variable `GPU_VRAM_GB`. Default: 0. */
  GPU_VRAM_GB: number
  /**
   * More devices than the GPU, such as `{ type: 'tpu', model: 'v5e' }`; for the second generation.
   * Variable `WORKER_DEVICES` (JSON). Default: `[]`.
   */
  WORKER_DEVICES: readonly JsonValue[]
  /**
   * Software on this machine and its versions.
   * Variable `INSTALLED_SOFTWARE` (JSON). Default: the running Node version, `{"node": "20.19.0"}`.
   */
  INSTALLED_SOFTWARE: Record<string, JsonValue>
  /** Models on this machine, an object each. Variable `INSTALLED_MODELS` (JSON). Default: `[]`. */
  INSTALLED_MODELS: readonly JsonValue[]
  /**
   * Whatever else is installed here, such as `{ name: 'imagenet', version: '2012' }`; for the second generation, which is
   * told of {@link INSTALLED_MODELS} at the same place.
   * Variable `INSTALLED_ARTIFACTS` (JSON). Default: `[]`.
   */
  INSTALLED_ARTIFACTS: readonly JsonValue[]
  /** Seconds between two heartbeats. Variable `HEARTBEAT_INTERVAL`. Default: 15. */
  HEARTBEAT_INTERVAL: number
  /**
   * Seconds for which changes are gathered before a heartbeat tells of them.
   * Variable `WORKER_HEARTBEAT_DEBOUNCE_DELAY`. Default: 0.1.
   */
  WORKER_HEARTBEAT_DEBOUNCE_DELAY: number
  /** Whether to open a socket for commands. Variable `WORKER_ENABLE_WEBSOCKETS`. Default: false. */
  WORKER_ENABLE_WEBSOCKETS: boolean
  /**
   * Seconds a cancelled handler has to end before its task is reported as cancelled without it.
   * Variable `WORKER_CANCEL_GRACE`. Default: 5.
   */
  WORKER_CANCEL_GRACE: number
  /** Whether a task that names its events may send no others. Variable `STRICT_EVENT_VALIDATION`. Default: true. */
  STRICT_EVENT_VALIDATION: boolean
  /** How often a result is sent again before it is set aside. Variable `RESULT_MAX_RETRIES`. Default: 5. */
  RESULT_MAX_RETRIES: number
  /** Seconds before a result is sent again for the first time. Variable `RESULT_RETRY_INITIAL_DELAY`. Default: 1. */
  RESULT_RETRY_INITIAL_DELAY: number
  /** Seconds that the orchestrator may hold a poll. Variable `TASK_POLL_TIMEOUT`. Default: 30. */
  TASK_POLL_TIMEOUT: number
  /** Seconds before the first poll after a failed one. Variable `TASK_POLL_ERROR_DELAY`. Default: 5. */
  TASK_POLL_ERROR_DELAY: number
  /** Seconds between a poll that brought nothing and the next. Variable `IDLE_POLL_DELAY`. Default: 0.01. */
  IDLE_POLL_DELAY: number
  /** Seconds a worker that is told to end has for its tasks. Variable `WORKER_SHUTDOWN_TIMEOUT`. Default: 35. */
  WORKER_SHUTDOWN_TIMEOUT: number
  /**
   * The directory of this worker alone for what must outlive it: its journal and its dead letters. One process at a time.
   * Variable `WORKER_STATE_DIR`. Default: a directory named after the worker's id in `avtomatika-worker/` of the user's
   * state directory (`XDG_STATE_HOME`, else `~/.local/state`).
   */
  WORKER_STATE_DIR: string | undefined
  /**
   * Whether accepted tasks and undelivered results are kept on disk. Variable `WORKER_JOURNAL` (`on`, `off`).
   * Default: true.
   */
  WORKER_JOURNAL: boolean
  /**
   * When what is kept counts as kept: `always` waits for the disk, so that a power cut loses nothing; `never` for the
   * operating system, so that a crash of the worker loses nothing. Variable `WORKER_JOURNAL_SYNC`. Default: never.
   */
  WORKER_JOURNAL_SYNC: 'always' | 'never'
  /**
   * Whether a worker lets the poll of a dead predecessor, which the orchestrator still holds, run out, and takes tasks under
   * another id meanwhile. Variable `WORKER_POLL_FENCE` (`on`, `off`). Default: true.
   */
  WORKER_POLL_FENCE: boolean
  /** The directory that holds the directories of the tasks. Variable `TASK_FILES_DIR`. Default: `/tmp/payloads`. */
  TASK_FILES_DIR: string
  /**
   * How many bytes the directory of one task may hold; a task that would need more fails with PERMANENT_ERROR.
   * Variable `TASK_FILES_MAX_BYTES`. Default: none.
   */
  TASK_FILES_MAX_BYTES: number | undefined
  /**
   * Whose directories stay for debugging when the result has been taken; you remove them then.
   * Variable `WORKER_KEEP_TASK_FILES`. Default: `never`.
   */
  WORKER_KEEP_TASK_FILES: KeepTaskFilesName
  /**
   * The directory that keeps what was downloaded, for later tasks; workers may share it.
   * Variable `WORKER_BLOB_CACHE_DIR`. Default: none.
   */
  WORKER_BLOB_CACHE_DIR: string | undefined
  /** How much that directory may hold, in bytes. Variable `WORKER_BLOB_CACHE_MAX_BYTES`. Default: 10737418240. */
  WORKER_BLOB_CACHE_MAX_BYTES: number
  /**
   * The URL of an S3-compatible store, or `aws` for AWS itself. Without it, without {@link S3_REGION} and without keys,
   * `s3://` values are left as they are. Variable `S3_ENDPOINT_URL`. Default: none.
   */
  S3_ENDPOINT_URL: string | undefined
  /** The region of the store; with `aws` what the AWS SDK finds. Variable `S3_REGION`. Default: none. */
  S3_REGION: string | undefined
  /** The store's access key. Variable `S3_ACCESS_KEY`. Default: none. */
  S3_ACCESS_KEY: string | undefined
  /** The store's secret key. Variable `S3_SECRET_KEY`. Default: none. */
  S3_SECRET_KEY: string | undefined
  /** The bucket that results go to. Variable `S3_DEFAULT_BUCKET`. Default: `avtomatika-payloads`. */
  S3_DEFAULT_BUCKET: string
  /** A folder in that bucket that results go to. Variable `S3_KEY_PREFIX`. Default: none. */
  S3_KEY_PREFIX: string | undefined
  /** How many transfers run at once, at least 1. Variable `S3_MAX_CONCURRENCY`. Default: 8. */
  S3_MAX_CONCURRENCY: number
  /** The least important lines that are logged. Variable `LOG_LEVEL`. Default: `info`. */
  LOG_LEVEL: LogLevelName
  /** This machine's name, as the orchestrator is told. No variable. Default: what the system says. */
  HOSTNAME: string
  /** This machine's address, as told. No variable. Default: the first outward IPv4 address, else `127.0.0.1`. */
  IP_ADDRESS: string
  /**
   * What this machine offers. Set it to decide it in code; set `undefined` to have it worked out again. No variable.
   * Default: from `CPU_CORES`, `GPU_MODEL` and `GPU_VRAM_GB`.
   */
  RESOURCES: Resources | undefined
  /**
   * What else tasks may ask for, by name; for the second generation. No variable of its own. Default: the variables
   * `WORKER_EXTRA_<NAME>` by their lower-case names, their text read as JSON where it starts with `{` or `[`.
   */
  EXTRA_CAPABILITIES: Record<string, JsonValue>
}

/** The attributes that a variable of the same name can set. */
export type VariableName = Exclude<
  keyof WorkerConfigValues,
  'ORCHESTRATORS' | 'HOSTNAME' | 'IP_ADDRESS' | 'RESOURCES' | 'EXTRA_CAPABILITIES'
>

/** What `new WorkerConfig(…)` takes; `undefined` means "not given". */
export type WorkerConfigOverrides = {
  [Name in keyof WorkerConfigValues]?: WorkerConfigValues[Name] | undefined
}
