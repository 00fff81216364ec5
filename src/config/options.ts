import { randomUUID } from 'node:crypto'
import type { GenerationChoice, KeepTaskFiles, LogLevel, OrchestratorMode } from '../settings.js'
import { costs, entryList, jsonList, jsonObject } from './json-kinds.js'
import { type Kind, optional } from './kind.js'
import { amount, count, delay, interval, port } from './number-kinds.js'
import { bucket, choice, directory, file, flag, keyPrefix, secret, text, workerId } from './text-kinds.js'
import { httpUrl, storeUrl } from './url-kind.js'
import type { VariableName, WorkerConfigValues } from './values.js'

/** One variable: what it is for, what it may hold, what it is without being set. */
export interface Option<Value, Settled> {
  /** One line for people. */
  readonly about: string
  readonly kind: Kind<Settled>
  /** The value where the variable is not set; a new one each time, as it may be changed in place. */
  readonly initial: () => Value
  /** The initial value in words, where it is not the same everywhere. */
  readonly initialInWords?: string
  readonly unit?: 's' | 'GB' | 'JSON' | 'bytes'
}

type OptionTable = { readonly [Name in VariableName]: Option<WorkerConfigValues[Name], unknown> }

/** The token of an orchestrator that nobody has set up; used by a worker that nobody has set up. */
export const DEFAULT_TOKEN = 'your-secret-worker-token'

const MODES: Record<string, OrchestratorMode> = {
  FAILOVER: 'failover',
  ROUND_ROBIN: 'round-robin',
  WATERFALL: 'failover',
}

/** The names of {@link GenerationChoice}; entries of a list take them, too. */
export const PROTOCOLS: Record<string, GenerationChoice> = { auto: 'auto', classic: 'classic', rxon: 'rxon' }

const LEVELS: Record<string, LogLevel> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
  critical: 'fatal',
  silent: 'silent',
}

const KEEPS: Record<KeepTaskFiles, KeepTaskFiles> = {
  never: 'never',
  'on-failure': 'on-failure',
  always: 'always',
}

const unset = () => undefined

/** Every variable, in the order of the documentation. */
export const OPTIONS = {
  WORKER_ID: {
    about: 'The name of this worker, unique at its orchestrators.',
    kind: workerId,
    initial: () => `worker-${randomUUID()}`,
    initialInWords: '`worker-` and a random UUID',
  },
  WORKER_TYPE: {
    about: 'Sorts workers into groups.',
    kind: text,
    initial: () => 'generic-cpu-worker',
  },
  WORKER_PORT: {
    about: 'The port of the health server; 0 picks a free one.',
    kind: port,
    initial: () => 8083,
  },
  WORKER_TOKEN: {
    about: 'The token that workers share.',
    kind: secret,
    initial: () => DEFAULT_TOKEN,
  },
  WORKER_INDIVIDUAL_TOKEN: {
    about: 'A token of this worker alone; wins over `WORKER_TOKEN`.',
    kind: optional(secret),
    initial: unset,
  },
  ORCHESTRATOR_URL: {
    about: 'The URL of the only orchestrator.',
    kind: httpUrl,
    initial: () => 'http://localhost:8080',
  },
  ORCHESTRATORS_CONFIG: {
    about: 'Several orchestrators; wins over `ORCHESTRATOR_URL`.',
    kind: entryList,
    initial: () => [],
    unit: 'JSON',
  },
  MULTI_ORCHESTRATOR_MODE: {
    about: '`FAILOVER` (or `WATERFALL`): in order of priority; `ROUND_ROBIN`: all, by weight.',
    kind: choice(MODES),
    initial: () => 'FAILOVER',
  },
  ORCHESTRATOR_PROTOCOL: {
    about: 'The generation of the wire: `auto` (what the orchestrator shows), `classic` or `rxon`.',
    kind: choice(PROTOCOLS),
    initial: () => 'auto',
  },
  ORCHESTRATOR_SECRET_KEY: {
    about: 'The key that tasks are signed with; without it no signature is verified.',
    kind: optional(secret),
    initial: unset,
  },
  WORKER_USE_STS: {
    about: 'Whether short-lived tokens are shown in place of the token, where orchestrators give any.',
    kind: flag,
    initial: () => false,
  },
  TLS_CA_PATH: {
    about: 'The certificates that orchestrators are trusted by, in place of the usual ones; PEM.',
    kind: optional(file),
    initial: unset,
  },
  TLS_CERT_PATH: {
    about: 'The certificate of this worker, for orchestrators that ask for one; PEM.',
    kind: optional(file),
    initial: unset,
  },
  TLS_KEY_PATH: {
    about: 'The private key of that certificate; PEM.',
    kind: optional(file),
    initial: unset,
  },
  MAX_CONCURRENT_TASKS: {
    about: 'How many tasks run at once, at least 1.',
    kind: count(1),
    initial: () => 10,
  },
  COST_PER_SKILL: {
    about: 'What a second of each skill costs.',
    kind: costs,
    initial: () => ({}),
    unit: 'JSON',
  },
  CPU_CORES: {
    about: 'How many CPU cores the orchestrator is told of, at least 1.',
    kind: count(1),
    initial: () => 4,
  },
  RAM_GB: {
    about: 'How much memory tasks may count on; 0 says nothing.',
    kind: amount,
    initial: () => 0,
    unit: 'GB',
  },
  GPU_MODEL: {
    about: 'The model of the GPU; without it there is none.',
    kind: optional(text),
    initial: unset,
  },
  GPU_VRAM_GB: {
    about: 'The memory of the GPU.',
    kind: amount,
    initial: () => 0,
    unit: 'GB',
  },
  WORKER_DEVICES: {
    about: 'More devices than the GPU, an object each with at least `type`.',
    kind: jsonList,
    initial: () => [],
    unit: 'JSON',
  },
  INSTALLED_SOFTWARE: {
    about: 'Software on this machine and its versions.',
    kind: jsonObject,
    initial: () => ({ node: process.versions.node }),
    initialInWords: '`{"node": …}` with the running version',
    unit: 'JSON',
  },
  INSTALLED_MODELS: {
    about: 'Models on this machine, an object each.',
    kind: jsonList,
    initial: () => [],
    unit: 'JSON',
  },
  INSTALLED_ARTIFACTS: {
    about: 'Whatever else is installed here, an object each with at least `name`.',
    kind: jsonList,
    initial: () => [],
    unit: 'JSON',
  },
  HEARTBEAT_INTERVAL: {
    about: 'The time between two heartbeats.',
    kind: interval,
    initial: () => 15,
    unit: 's',
  },
  WORKER_HEARTBEAT_DEBOUNCE_DELAY: {
    about: 'How long changes are gathered before a heartbeat tells of them.',
    kind: delay,
    initial: () => 0.1,
    unit: 's',
  },
  WORKER_ENABLE_WEBSOCKETS: {
    about: 'Whether a socket for commands is opened.',
    kind: flag,
    initial: () => false,
  },
  WORKER_CANCEL_GRACE: {
    about: 'How long a cancelled handler has before its task is reported without it.',
    kind: delay,
    initial: () => 5,
    unit: 's',
  },
  STRICT_EVENT_VALIDATION: {
    about: 'Whether a task that names its events may send no others.',
    kind: flag,
    initial: () => true,
  },
  RESULT_MAX_RETRIES: {
    about: 'How often a result is sent again before it is set aside.',
    kind: count(0),
    initial: () => 5,
  },
  RESULT_RETRY_INITIAL_DELAY: {
    about: 'The wait before a result is sent again for the first time.',
    kind: interval,
    initial: () => 1,
    unit: 's',
  },
  TASK_POLL_TIMEOUT: {
    about: 'How long the orchestrator may hold a poll.',
    kind: interval,
    initial: () => 30,
    unit: 's',
  },
  TASK_POLL_ERROR_DELAY: {
    about: 'The wait before the first poll after a failed one.',
    kind: interval,
    initial: () => 5,
    unit: 's',
  },
  IDLE_POLL_DELAY: {
    about: 'The wait between a poll that brought nothing and the next.',
    kind: delay,
    initial: () => 0.01,
    unit: 's',
  },
  WORKER_SHUTDOWN_TIMEOUT: {
    about: 'How long a worker that is told to end waits for its tasks.',
    kind: delay,
    initial: () => 35,
    unit: 's',
  },
  WORKER_STATE_DIR: {
    about: 'The directory of this worker alone for what must outlive it.',
    kind: optional(directory),
    initial: unset,
    initialInWords: '`avtomatika-worker/` and the id, in `$XDG_STATE_HOME` or `~/.local/state`',
  },
  WORKER_JOURNAL: {
    about: 'Whether accepted tasks and undelivered results are kept on disk.',
    kind: flag,
    initial: () => true,
  },
  WORKER_JOURNAL_SYNC: {
    about: '`always`: a result is on the disk before it is sent; `never`: with the operating system.',
    kind: choice({ always: true, never: false }),
    initial: () => 'never',
  },
  WORKER_POLL_FENCE: {
    about:
      'Whether a worker lets the held poll of a dead predecessor run out, and takes tasks under another id meanwhile.',
    kind: flag,
    initial: () => true,
  },
  TASK_FILES_DIR: {
    about: 'The directory that holds the directories of the tasks.',
    kind: directory,
    initial: () => '/tmp/payloads',
  },
  TASK_FILES_MAX_BYTES: {
    about: 'How much the directory of one task may hold.',
    kind: optional(count(1)),
    initial: unset,
    unit: 'bytes',
  },
  WORKER_KEEP_TASK_FILES: {
    about: 'Whose directories stay for debugging: `never`, `on-failure` or `always`.',
    kind: choice(KEEPS),
    initial: () => 'never',
  },
  WORKER_BLOB_CACHE_DIR: {
    about: 'The directory that keeps what was downloaded, for later tasks; workers may share it.',
    kind: optional(directory),
    initial: unset,
  },
  WORKER_BLOB_CACHE_MAX_BYTES: {
    about: 'How much that directory may hold.',
    kind: count(1),
    initial: () => 10_737_418_240,
    unit: 'bytes',
  },
  S3_ENDPOINT_URL: {
    about: 'The URL of an S3-compatible store, or `aws`.',
    kind: optional(storeUrl),
    initial: unset,
  },
  S3_REGION: {
    about: 'The region of the store.',
    kind: optional(text),
    initial: unset,
  },
  S3_ACCESS_KEY: {
    about: 'The access key of the store.',
    kind: optional(secret),
    initial: unset,
  },
  S3_SECRET_KEY: {
    about: 'The secret key of the store.',
    kind: optional(secret),
    initial: unset,
  },
  S3_DEFAULT_BUCKET: {
    about: 'The bucket that results go to.',
    kind: bucket,
    initial: () => 'avtomatika-payloads',
  },
  S3_KEY_PREFIX: {
    about: 'A folder in that bucket that results go to.',
    kind: optional(keyPrefix),
    initial: unset,
  },
  S3_MAX_CONCURRENCY: {
    about: 'How many transfers run at once, at least 1.',
    kind: count(1),
    initial: () => 8,
  },
  LOG_LEVEL: {
    about: '`trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.',
    kind: choice(LEVELS),
    initial: () => 'info',
  },
} as const satisfies OptionTable

/** The names of {@link OPTIONS}. */
export const VARIABLE_NAMES = Object.keys(OPTIONS) as VariableName[]
