import { ConfigError, type ConfigProblem } from '../errors.js'
import { didYouMean, similarName } from '../utils/did-you-mean.js'
import { isObject } from '../utils/json.js'
import { VARIABLE_NAMES } from './variables.js'
import { WorkerConfig } from './worker-config.js'

/** The attributes of a configuration that no variable has. */
const ATTRIBUTES = [
  ...VARIABLE_NAMES,
  'ORCHESTRATORS',
  'HOSTNAME',
  'IP_ADDRESS',
  'RESOURCES',
  'EXTRA_CAPABILITIES',
]

const METHODS = {
  logger: ['debug', 'info', 'warn', 'error', 'child'],
  objectStore: ['list', 'download', 'upload'],
}

/** Returns the problem of an option; the value is never shown, because it may be a token. */
const problem = (name: string, value: unknown, expected: string): ConfigProblem => ({
  name,
  value: value === null ? 'null' : `a value of type ${typeof value}`,
  expected,
})

/**
 * Checks what the compiler checks in TypeScript: the names of the options of a worker, and its objects.
 *
 * @param known - the names of all options
 * @throws ConfigError that lists every problem
 */
export const checkOptions = (options: unknown, known: readonly string[]): void => {
  if (!isObject(options))
    throw new ConfigError([
      problem('options', options, 'an object, such as new Worker({ workerType: "image" })'),
    ])
  const problems = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : problemsOf(name, value, known),
  )
  if (problems.length > 0) throw new ConfigError(problems)
}

const problemsOf = (name: string, value: unknown, known: readonly string[]): ConfigProblem[] => {
  if (!known.includes(name))
    return [problem(name, value, `no option of this name: ${didYouMean(name, known)}`)]
  if (name === 'config') return problemsOfConfig(value)
  const methods = Object.hasOwn(METHODS, name) ? METHODS[name as keyof typeof METHODS] : []
  const missing = methods.filter(
    (method) => typeof (value as Record<string, unknown> | null)?.[method] !== 'function',
  )
  return missing.length > 0 ? [problem(name, value, `an object with the method ${missing.join(', ')}`)] : []
}

/** Another copy of the package has another class with the same members. */
const isConfig = (value: unknown): value is Record<string, unknown> =>
  isObject(value) && (value instanceof WorkerConfig || 'orchestratorsSource' in value)

/** A subclass may have attributes of its own. */
const problemsOfConfig = (config: unknown): ConfigProblem[] => {
  if (!isConfig(config))
    return [problem('config', config, 'a WorkerConfig: new WorkerConfig({ WORKER_ID: "…" })')]
  if (Object.getPrototypeOf(config) !== WorkerConfig.prototype) return []
  return Object.entries(config)
    .filter(([name]) => !ATTRIBUTES.includes(name))
    .filter(([name]) => /^[A-Z0-9_]+$/.test(name) || similarName(name, ATTRIBUTES) !== undefined)
    .map(([name, value]) => problem(`config.${name}`, value, `no variable of this name${hint(name)}`))
}

const hint = (name: string): string => {
  const similar = similarName(name, ATTRIBUTES)
  return similar === undefined ? '' : `: did you mean "${similar}"?`
}
