import { type InspectOptions, inspect } from 'node:util'
import type { Resources } from '../protocol/messages.js'
import { isSet, readExtras, readVariables } from './env.js'
import { machineName, outwardAddress, resourcesOf } from './machine.js'
import {
  type ListedOrchestrator,
  listEntries,
  type OrchestratorEntry,
  type OrchestratorsSource,
  type Origin,
  pickSource,
} from './orchestrators.js'
import { printable } from './printable.js'
import { hideEntries } from './secrets.js'
import type { WorkerConfigOverrides, WorkerConfigValues } from './values.js'
import { VARIABLES } from './variables.js'

const withoutUndefined = (overrides: WorkerConfigOverrides) =>
  Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined))

/** The attributes that are plain fields. The others depend on each other and have accessors. */
export interface WorkerConfig
  extends Omit<
    WorkerConfigValues,
    'ORCHESTRATOR_URL' | 'ORCHESTRATORS_CONFIG' | 'ORCHESTRATORS' | 'RESOURCES'
  > {}

/**
 * The configuration of a worker. Each environment variable is an attribute with the same name.
 *
 * The constructor reads the variables. An argument of the constructor, or an attribute that code sets later, overrides
 * its variable. `new Worker({ config })` checks all values and throws a `ConfigError` that lists all problems. Until then,
 * the attribute of an unreadable variable is the text of the variable. Printing a configuration (`console.log`,
 * `JSON.stringify`) shows `***` instead of tokens and keys.
 *
 * @example
 * const config = new WorkerConfig({ WORKER_ID: 'resizer-1' })
 * config.MAX_CONCURRENT_TASKS = 5
 * const worker = new Worker({ workerType: 'image', config })
 */
export class WorkerConfig implements WorkerConfigValues {
  #url: Origin
  #config: Origin
  #list: readonly OrchestratorEntry[] | undefined
  #resources: Resources | undefined
  readonly #madeUpId: string | undefined
  readonly #defaultFilesDir: string | undefined

  /** @param overrides - attributes that override their variables; `undefined` keeps the value of the variable */
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
    const namesFilesDir = isSet('TASK_FILES_DIR') || overrides.TASK_FILES_DIR !== undefined
    this.#defaultFilesDir = namesFilesDir ? undefined : variables.TASK_FILES_DIR
    Object.assign(this, withoutUndefined(overrides))
  }

  /** URL of the only orchestrator. Variable `ORCHESTRATOR_URL`. Default: `http://localhost:8080`. */
  get ORCHESTRATOR_URL(): string {
    return this.#url.value as string
  }

  set ORCHESTRATOR_URL(value: string) {
    this.#url = { value, inCode: true }
  }

  /** List of orchestrators, or its JSON text. Variable `ORCHESTRATORS_CONFIG`. Default: an empty list. */
  get ORCHESTRATORS_CONFIG(): readonly OrchestratorEntry[] | string {
    const value = this.#config.value as readonly OrchestratorEntry[] | string
    return Array.isArray(value) ? hideEntries(value) : value
  }

  set ORCHESTRATORS_CONFIG(value: readonly OrchestratorEntry[] | string) {
    const { kind } = VARIABLES.ORCHESTRATORS_CONFIG
    this.#config = { value: typeof value === 'string' ? kind.read(value) : value, inCode: true }
  }

  /** The orchestrators that the worker will use, with defaults. Setting it overrides both other attributes. */
  get ORCHESTRATORS(): readonly ListedOrchestrator[] {
    return hideEntries(listEntries(this.orchestratorsSource.entries))
  }

  set ORCHESTRATORS(value: readonly OrchestratorEntry[] | undefined) {
    this.#list = value
  }

  /** The resources of the machine. Default: from `CPU_CORES`, `RAM_GB`, `GPU_MODEL` and `GPU_VRAM_GB`. */
  get RESOURCES(): Resources {
    return this.#resources ?? resourcesOf(this.CPU_CORES, this.RAM_GB, this.GPU_MODEL, this.GPU_VRAM_GB)
  }

  set RESOURCES(value: Resources | undefined) {
    this.#resources = value
  }

  /** @internal The unchecked list of orchestrators, and the attribute that defines it. */
  get orchestratorsSource(): OrchestratorsSource {
    return pickSource({ list: this.#list, config: this.#config, url: this.#url })
  }

  /** @internal Whether the worker id is random, so the next process has another one. */
  get hasMadeUpId(): boolean {
    return this.WORKER_ID === this.#madeUpId
  }

  /** @internal Whether nobody has chosen `TASK_FILES_DIR`. */
  get hasDefaultFilesDir(): boolean {
    return this.TASK_FILES_DIR === this.#defaultFilesDir
  }

  /** @internal The `RESOURCES` that code has set. */
  get ownResources(): Resources | undefined {
    return this.#resources
  }

  /** Returns every attribute, with `***` instead of tokens and keys. */
  toJSON(): Record<string, unknown> {
    return printable(this)
  }

  /** Makes `console.log` show every attribute, with `***` instead of tokens and keys. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return `WorkerConfig ${inspect(this.toJSON(), options)}`
  }
}
