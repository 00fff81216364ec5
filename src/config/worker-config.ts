import { type InspectOptions, inspect } from 'node:util'
import type { Resources } from '../protocol/messages.js'
import type { JsonValue } from '../utils/json.js'
import { isSet, readExtras, readVariables } from './env.js'
import { machineName, outwardAddress } from './machine.js'
import { OPTIONS } from './options.js'
import { listEntries, type OrchestratorsSource, pickSource, type Written } from './orchestrators.js'
import { printable } from './printable.js'
import type {
  GenerationName,
  KeepTaskFilesName,
  ListedOrchestrator,
  LogLevelName,
  OrchestratorEntry,
  OrchestratorModeName,
  WorkerConfigOverrides,
  WorkerConfigValues,
} from './values.js'

const withoutUndefined = (overrides: WorkerConfigOverrides) =>
  Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))

/**
 * The configuration of a worker, an attribute for each environment variable and of the same name.
 *
 * The variables are read when it is made. An attribute that is given to the constructor or set later wins over its
 * variable. Nothing is checked here: `new Worker({ config })` checks everything at once and throws a `ConfigError`
 * that lists all problems. Until then the attribute of an unreadable variable holds the variable's text. Printing a
 * configuration (`console.log`, `JSON.stringify`) shows no tokens and keys.
 *
 * @example
 * const config = new WorkerConfig({ WORKER_ID: 'resizer-1' })
 * config.MAX_CONCURRENT_TASKS = 5
 * const worker = new Worker({ workerType: 'image', config })
 */
export class WorkerConfig implements WorkerConfigValues {
  declare WORKER_ID: string
  declare WORKER_TYPE: string
  declare WORKER_PORT: number
  declare WORKER_TOKEN: string
  declare WORKER_INDIVIDUAL_TOKEN: string | undefined
  declare MULTI_ORCHESTRATOR_MODE: OrchestratorModeName
  declare ORCHESTRATOR_PROTOCOL: GenerationName
  declare ORCHESTRATOR_SECRET_KEY: string | undefined
  declare WORKER_USE_STS: boolean
  declare TLS_CA_PATH: string | undefined
  declare TLS_CERT_PATH: string | undefined
  declare TLS_KEY_PATH: string | undefined
  declare MAX_CONCURRENT_TASKS: number
  declare COST_PER_SKILL: Record<string, number>
  declare CPU_CORES: number
  declare RAM_GB: number
  declare GPU_MODEL: string | undefined
  declare GPU_VRAM_GB: number
  declare WORKER_DEVICES: readonly JsonValue[]
  declare INSTALLED_SOFTWARE: Record<string, JsonValue>
  declare INSTALLED_MODELS: readonly JsonValue[]
  declare INSTALLED_ARTIFACTS: readonly JsonValue[]
  declare HEARTBEAT_INTERVAL: number
  declare WORKER_HEARTBEAT_DEBOUNCE_DELAY: number
  declare WORKER_ENABLE_WEBSOCKETS: boolean
  declare WORKER_CANCEL_GRACE: number
  declare STRICT_EVENT_VALIDATION: boolean
  declare RESULT_MAX_RETRIES: number
  declare RESULT_RETRY_INITIAL_DELAY: number
  declare TASK_POLL_TIMEOUT: number
  declare TASK_POLL_ERROR_DELAY: number
  declare IDLE_POLL_DELAY: number
  declare WORKER_SHUTDOWN_TIMEOUT: number
  declare WORKER_STATE_DIR: string | undefined
  declare WORKER_JOURNAL: boolean
  declare WORKER_JOURNAL_SYNC: 'always' | 'never'
  declare WORKER_POLL_FENCE: boolean
  declare TASK_FILES_DIR: string
  declare TASK_FILES_MAX_BYTES: number | undefined
  declare WORKER_KEEP_TASK_FILES: KeepTaskFilesName
  declare S3_ENDPOINT_URL: string | undefined
  declare S3_REGION: string | undefined
  declare S3_ACCESS_KEY: string | undefined
  declare S3_SECRET_KEY: string | undefined
  declare S3_DEFAULT_BUCKET: string
  declare S3_KEY_PREFIX: string | undefined
  declare S3_MAX_CONCURRENCY: number
  declare LOG_LEVEL: LogLevelName
  declare HOSTNAME: string
  declare IP_ADDRESS: string
  declare EXTRA_CAPABILITIES: Record<string, JsonValue>

  #url: Written
  #config: Written
  #list: readonly OrchestratorEntry[] | undefined
  #resources: Resources | undefined
  readonly #madeUpId: string | undefined

  /** @param overrides - attributes that win over their variables; `undefined` leaves the variable's value */
  constructor(overrides: WorkerConfigOverrides = {}) {
    const { ORCHESTRATOR_URL, ORCHESTRATORS_CONFIG, ...variables } = readVariables()
    this.#url = { value: ORCHESTRATOR_URL, inCode: false }
    this.#config = { value: ORCHESTRATORS_CONFIG, inCode: false }
    Object.assign(this, variables, {
      HOSTNAME: machineName(),
      IP_ADDRESS: outwardAddress(),
      EXTRA_CAPABILITIES: readExtras(),
    })
    this.#madeUpId = isSet('WORKER_ID') ? undefined : variables.WORKER_ID
    Object.assign(this, withoutUndefined(overrides))
  }

  get ORCHESTRATOR_URL(): string {
    return this.#url.value as string
  }

  set ORCHESTRATOR_URL(value: string) {
    this.#url = { value, inCode: true }
  }

  get ORCHESTRATORS_CONFIG(): readonly OrchestratorEntry[] | string {
    return this.#config.value as readonly OrchestratorEntry[] | string
  }

  set ORCHESTRATORS_CONFIG(value: readonly OrchestratorEntry[] | string) {
    const { read } = OPTIONS.ORCHESTRATORS_CONFIG.kind
    this.#config = { value: typeof value === 'string' ? read(value) : value, inCode: true }
  }

  get ORCHESTRATORS(): readonly ListedOrchestrator[] {
    return listEntries(this.orchestratorsSource.entries)
  }

  set ORCHESTRATORS(value: readonly OrchestratorEntry[] | undefined) {
    this.#list = value
  }

  get RESOURCES(): Resources {
    const { CPU_CORES: cpuCores, RAM_GB: ramGb, GPU_MODEL: model, GPU_VRAM_GB: vramGb } = this
    return (
      this.#resources ?? {
        cpuCores,
        ...(ramGb > 0 && { ramGb }),
        ...(model !== undefined && { gpu: { model, vramGb } }),
      }
    )
  }

  set RESOURCES(value: Resources | undefined) {
    this.#resources = value
  }

  /** @internal Where the list of orchestrators comes from, before the checks. */
  get orchestratorsSource(): OrchestratorsSource {
    return pickSource({ list: this.#list, config: this.#config, url: this.#url })
  }

  /** @internal Whether nobody chose the id of this worker: the next one has another. */
  get hasMadeUpId(): boolean {
    return this.WORKER_ID === this.#madeUpId
  }

  /** @internal What code has set as `RESOURCES`, if it has. */
  get ownResources(): Resources | undefined {
    return this.#resources
  }

  /** Every attribute, without tokens and keys. */
  toJSON(): Record<string, unknown> {
    return printable(this)
  }

  /** What `console.log` shows: every attribute, without tokens and keys. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `WorkerConfig ${inspect(this.toJSON(), options)}`
  }
}
