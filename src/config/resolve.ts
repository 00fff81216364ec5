import { join } from 'node:path'
import type { Settings } from '../settings.js'
import { Checks, type Overrides } from './checks.js'
import { isInPod, stateHome } from './env.js'
import { jsonObject } from './json-kinds.js'
import { optional } from './kind.js'
import { settleDependencies, settleLimits } from './options.js'
import { s3ConfigHash } from './s3-config-hash.js'
import { hideMembers } from './secrets.js'
import { settleOrchestrators } from './settle-orchestrators.js'
import { settleResources } from './settle-resources.js'
import { ipAddress, text } from './text-kinds.js'
import { VARIABLE_NAMES, variable } from './variables.js'
import { configWarnings } from './warnings.js'
import type { WorkerConfig } from './worker-config.js'

/** The settings, and the warnings that the worker logs when it has a logger. */
interface Resolved {
  readonly settings: Settings
  readonly warnings: readonly string[]
}

/** The settings that come from one variable each, as the table says. */
type TableSettings = Omit<Settings, keyof ReturnType<typeof settleOthers>>

const settleTable = (checks: Checks): TableSettings => {
  const settings: Record<string, unknown> = {}
  const groups: Record<string, Record<string, unknown>> = { tls: {}, s3: {} }
  const values = new Map<string, unknown>()
  for (const name of VARIABLE_NAMES) {
    const [first, second] = variable(name).setting?.split('.') ?? []
    if (first === undefined) continue
    const value = checks.variable(name)
    values.set(name, value)
    if (second === undefined) settings[first] = value
    else if (value !== undefined) Object.assign(groups[first] ?? {}, { [second]: value })
  }
  checkRequired(checks, values)
  return { ...settings, ...groups } as unknown as TableSettings
}

const checkRequired = (checks: Checks, values: ReadonlyMap<string, unknown>): void => {
  for (const name of VARIABLE_NAMES) {
    const { requires } = variable(name)
    if (requires === undefined || values.get(name) === undefined || values.get(requires) !== undefined)
      continue
    checks.refuse(requires, undefined, { expected: `a value, because ${name} is set` })
  }
}

/** The `timestamp` of a task without a verified signature proves nothing. */
const checkMaxAge = (checks: Checks, { taskMaxAgeMs, orchestrators }: Settings): void => {
  if (taskMaxAgeMs === undefined || orchestrators.some(({ taskKey }) => taskKey !== undefined)) return
  checks.refuse('ORCHESTRATOR_SECRET_KEY', undefined, { expected: 'a key, because TASK_MAX_AGE is set' })
}

/** The settings that come from several variables, from attributes without a variable, or from options. */
const settleOthers = (config: WorkerConfig, overrides: Overrides, checks: Checks, workerId: string) => ({
  workerIdIsMadeUp: config.hasMadeUpId,
  hostname: checks.settle('HOSTNAME', config.HOSTNAME, text, ''),
  ipAddress: checks.settle('IP_ADDRESS', config.IP_ADDRESS, ipAddress, ''),
  resources: settleResources(checks, config.ownResources),
  metadata: checks.settle('metadata', overrides.metadata, optional(jsonObject), undefined),
  s3ConfigHash: s3ConfigHash(config.S3_ENDPOINT_URL, config.S3_ACCESS_KEY, config.S3_DEFAULT_BUCKET),
  extra: checks.settle('EXTRA_CAPABILITIES', config.EXTRA_CAPABILITIES, jsonObject, {}),
  taskTypeLimits: settleLimits(checks, overrides.taskTypeLimits),
  skillDependencies: settleDependencies(checks, overrides.skillDependencies),
  orchestrators: settleOrchestrators(checks, config.orchestratorsSource),
  stateDir: checks.variable('WORKER_STATE_DIR') ?? defaultStateDir(workerId),
  stateDirIsDefault: config.WORKER_STATE_DIR === undefined,
  taskFilesDirIsDefault: config.hasDefaultFilesDir,
  isInPod: isInPod(),
})

const defaultStateDir = (workerId: string): string | undefined => {
  const home = stateHome()
  return home && join(home, 'avtomatika-worker', encodeURIComponent(workerId))
}

/** Freezes a value and all its members, and returns it. */
const deepFreeze = <Value>(value: Value): Value => {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}

/**
 * Checks a configuration and returns the frozen settings of the worker. Options of the constructor override attributes
 * that code has set; those override variables, and those the defaults. An overridden value is not checked.
 *
 * @throws ConfigError that lists every problem
 */
export const resolveSettings = (config: WorkerConfig, overrides: Overrides = {}): Resolved => {
  const checks = new Checks(config, overrides)
  const table = settleTable(checks)
  const settings: Settings = { ...table, ...settleOthers(config, overrides, checks, table.workerId) }
  checkMaxAge(checks, settings)
  checks.throwIfAny()
  hideMembers(settings.s3, ['accessKey', 'secretKey'])
  return deepFreeze({ settings, warnings: configWarnings(config, settings.orchestrators) })
}
