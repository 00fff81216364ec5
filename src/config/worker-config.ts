import { type InspectOptions, inspect } from 'node:util'
import type { Resources } from '../protocol/messages.js'
import { isSet, readExtras, readVariables } from './env.js'
import { machineName, outwardAddress } from './machine.js'
import { OPTIONS } from './options.js'
import { listEntries, type OrchestratorsSource, pickSource, type Written } from './orchestrators.js'
import { printable } from './printable.js'
import type {
  ListedOrchestrator,
  OrchestratorEntry,
  WorkerConfigOverrides,
  WorkerConfigValues,
} from './values.js'

const withoutUndefined = (overrides: WorkerConfigOverrides) =>
  Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))

/** The attributes that are plain fields; the others follow one another. */
export interface WorkerConfig
  extends Omit<
    WorkerConfigValues,
    'ORCHESTRATOR_URL' | 'ORCHESTRATORS_CONFIG' | 'ORCHESTRATORS' | 'RESOURCES'
  > {}

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
