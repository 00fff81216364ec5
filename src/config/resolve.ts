import { join } from 'node:path'
import type { S3Settings, Settings, TlsSettings } from '../settings.js'
import { attributesOf, type SettleAttribute } from './attributes.js'
import { Checks } from './checks.js'
import { type ConstructorOptions, settleDependencies, settleLimits } from './constructor-options.js'
import { stateHome } from './env.js'
import { deepFreeze } from './freeze.js'
import { jsonObject } from './json-kinds.js'
import { hideMembers } from './secrets.js'
import { settleOrchestrators } from './settle-orchestrators.js'
import { settleResources } from './settle-resources.js'
import { ipAddress, text } from './text-kinds.js'
import { configWarnings } from './warnings.js'
import type { WorkerConfig } from './worker-config.js'

export type { Settings } from '../settings.js'

/** The settings, and what should be said about them once there is a logger. */
export interface Resolved {
  readonly settings: Settings
  readonly warnings: readonly string[]
}

/** One look at a configuration. */
interface Reading {
  readonly config: WorkerConfig
  readonly options: ConstructorOptions
  readonly checks: Checks
  readonly attribute: SettleAttribute
}

const optionOf = <Name extends keyof ConstructorOptions>({ options }: Reading, name: Name) => ({
  name,
  value: options[name],
})

const identity = (reading: Reading) => ({
  workerId: reading.attribute('WORKER_ID'),
  workerType: reading.attribute('WORKER_TYPE', optionOf(reading, 'workerType')),
  workerPort: reading.attribute('WORKER_PORT'),
  logLevel: reading.attribute('LOG_LEVEL'),
})

const capacity = (reading: Reading) => ({
  maxConcurrentTasks: reading.attribute('MAX_CONCURRENT_TASKS', optionOf(reading, 'maxConcurrentTasks')),
  taskTypeLimits: settleLimits(reading.checks, reading.options),
  skillDependencies: settleDependencies(reading.checks, reading.options),
  costPerSkill: reading.attribute('COST_PER_SKILL'),
})

const machine = ({ config, checks, attribute }: Reading) => ({
  hostname: checks.settle('HOSTNAME', config.HOSTNAME, text, ''),
  ipAddress: checks.settle('IP_ADDRESS', config.IP_ADDRESS, ipAddress, ''),
  resources: settleResources(checks, attribute, config.ownResources),
  installedSoftware: attribute('INSTALLED_SOFTWARE'),
  installedModels: attribute('INSTALLED_MODELS'),
  installedArtifacts: attribute('INSTALLED_ARTIFACTS'),
  devices: attribute('WORKER_DEVICES'),
  extra: checks.settle('EXTRA_CAPABILITIES', config.EXTRA_CAPABILITIES, jsonObject, {}),
})

const remotes = ({ config, checks, attribute }: Reading) => {
  const shared = {
    token: attribute('WORKER_INDIVIDUAL_TOKEN') ?? attribute('WORKER_TOKEN'),
    generation: attribute('ORCHESTRATOR_PROTOCOL'),
    taskKey: attribute('ORCHESTRATOR_SECRET_KEY'),
  }
  return {
    orchestrators: settleOrchestrators(checks, config.orchestratorsSource, shared),
    orchestratorMode: attribute('MULTI_ORCHESTRATOR_MODE'),
    usesSts: attribute('WORKER_USE_STS'),
    websocketsEnabled: attribute('WORKER_ENABLE_WEBSOCKETS'),
    strictEvents: attribute('STRICT_EVENT_VALIDATION'),
    resultMaxRetries: attribute('RESULT_MAX_RETRIES'),
  }
}

const OTHER_FILE = { expected: 'a path, too: a certificate and its key go together' }

const tls = ({ checks, attribute }: Reading): TlsSettings => {
  const caPath = attribute('TLS_CA_PATH')
  const certPath = attribute('TLS_CERT_PATH')
  const keyPath = attribute('TLS_KEY_PATH')
  if (certPath !== undefined && keyPath === undefined) checks.refuse('TLS_KEY_PATH', undefined, OTHER_FILE)
  if (keyPath !== undefined && certPath === undefined) checks.refuse('TLS_CERT_PATH', undefined, OTHER_FILE)
  return {
    ...(caPath === undefined ? {} : { caPath }),
    ...(certPath === undefined ? {} : { certPath }),
    ...(keyPath === undefined ? {} : { keyPath }),
  }
}

const durations = ({ attribute }: Reading) => ({
  heartbeatIntervalMs: attribute('HEARTBEAT_INTERVAL'),
  heartbeatDebounceMs: attribute('WORKER_HEARTBEAT_DEBOUNCE_DELAY'),
  cancelGraceMs: attribute('WORKER_CANCEL_GRACE'),
  resultRetryInitialDelayMs: attribute('RESULT_RETRY_INITIAL_DELAY'),
  pollTimeoutMs: attribute('TASK_POLL_TIMEOUT'),
  pollErrorDelayMs: attribute('TASK_POLL_ERROR_DELAY'),
  idlePollDelayMs: attribute('IDLE_POLL_DELAY'),
  shutdownTimeoutMs: attribute('WORKER_SHUTDOWN_TIMEOUT'),
})

const taskFiles = ({ attribute }: Reading) => ({
  taskFilesDir: attribute('TASK_FILES_DIR'),
  taskFilesMaxBytes: attribute('TASK_FILES_MAX_BYTES'),
  keepTaskFiles: attribute('WORKER_KEEP_TASK_FILES'),
  blobCacheDir: attribute('WORKER_BLOB_CACHE_DIR'),
  blobCacheMaxBytes: attribute('WORKER_BLOB_CACHE_MAX_BYTES'),
})

const OTHER_KEY = { expected: 'the key that belongs to the other one' }

const state = ({ config, attribute }: Reading, workerId: string) => {
  const home = stateHome()
  return {
    workerIdIsMadeUp: config.hasMadeUpId,
    stateDir:
      attribute('WORKER_STATE_DIR') ??
      (home && join(home, 'avtomatika-worker', encodeURIComponent(workerId))),
    journal: attribute('WORKER_JOURNAL'),
    journalSyncs: attribute('WORKER_JOURNAL_SYNC'),
    pollFence: attribute('WORKER_POLL_FENCE'),
  }
}

const s3 = ({ checks, attribute }: Reading): S3Settings => {
  const endpointUrl = attribute('S3_ENDPOINT_URL')
  const region = attribute('S3_REGION')
  const accessKey = attribute('S3_ACCESS_KEY')
  const secretKey = attribute('S3_SECRET_KEY')
  const prefix = attribute('S3_KEY_PREFIX')
  if (accessKey !== undefined && secretKey === undefined) checks.refuse('S3_SECRET_KEY', undefined, OTHER_KEY)
  if (secretKey !== undefined && accessKey === undefined) checks.refuse('S3_ACCESS_KEY', undefined, OTHER_KEY)
  const settings: S3Settings = {
    ...(endpointUrl === undefined ? {} : { endpointUrl }),
    ...(region === undefined ? {} : { region }),
    ...(accessKey === undefined ? {} : { accessKey }),
    ...(secretKey === undefined ? {} : { secretKey }),
    defaultBucket: attribute('S3_DEFAULT_BUCKET'),
    keyPrefix: prefix === undefined ? '' : `${prefix.replace(/\/$/, '')}/`,
    maxConcurrency: attribute('S3_MAX_CONCURRENCY'),
  }
  return hideMembers(settings, ['accessKey', 'secretKey'])
}

/**
 * Checks everything and gives the one frozen object that the worker reads from then on. Constructor options win over
 * attributes set in code, those over variables, those over defaults; what another value wins over is not checked.
 *
 * @throws ConfigError that lists every problem
 */
export const resolveSettings = (config: WorkerConfig, options: ConstructorOptions = {}): Resolved => {
  const checks = new Checks()
  const reading: Reading = { config, options, checks, attribute: attributesOf(config, checks) }
  const identitySettings = identity(reading)
  const settings: Settings = {
    ...identitySettings,
    ...capacity(reading),
    ...machine(reading),
    ...remotes(reading),
    tls: tls(reading),
    ...durations(reading),
    ...taskFiles(reading),
    ...state(reading, identitySettings.workerId),
    s3: s3(reading),
  }
  checks.throwIfAny()
  return deepFreeze({ settings, warnings: configWarnings(config, settings.orchestrators) })
}
