import { isDeepStrictEqual } from 'node:util'
import { PERMANENT_ERROR, TaskError } from '../errors.js'
import { isObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import type { TaskDefinition } from './definition.js'

/** The members of a result. All others are data. */
const RESULT_MEMBERS: ReadonlySet<string> = new Set(['status', 'data', 'error', 'costs', 'metadata'])

/** The tasks whose handlers have mixed them already. Each is warned of once. */
const warned = new WeakSet<TaskDefinition>()

/**
 * Returns a handler's return value with all of its data in the member `data`. A handler may return an object of its own that
 * happens to have a `status`: the status counts, and the other members are data. The first time, the log has a warning.
 *
 * @throws TaskError `PERMANENT_ERROR` if a member has one value in `data` and another one beside it
 */
export const gatherData = (definition: TaskDefinition, returned: unknown, log: Logger): unknown => {
  const value = jsonOf(returned)
  if (!isObject(value) || !isResult(value)) return value
  const others = Object.keys(value).filter((key) => !RESULT_MEMBERS.has(key) && value[key] !== undefined)
  // With a status, the judge takes it for a result.
  if (others.length === 0) return 'status' in value ? value : { status: undefined, ...value }
  const data = jsonOf(value['data']) ?? {}
  // The judge refuses any other data, and says why.
  if (!isObject(data)) return value
  warn(definition, others, log)
  const result = Object.fromEntries(
    [...RESULT_MEMBERS].filter((key) => key in value).map((key) => [key, value[key]]),
  )
  return { status: undefined, ...result, data: merged(data, value, others) }
}

/** As JSON.stringify does: a class decides by `toJSON` how its instances read. The judge refuses dates and bytes by their names. */
const jsonOf = (value: unknown): unknown => {
  if (!isObject(value) || value instanceof Date || ArrayBuffer.isView(value)) return value
  const { toJSON } = value
  return typeof toJSON === 'function' ? (toJSON.call(value) as unknown) : value
}

const isResult = (value: Record<string, unknown>): boolean =>
  'status' in value || 'data' in value || 'error' in value || ('costs' in value && isCosts(value['costs']))

/** Costs are numbers by their names. Anything else of this name is a member of the handler's own. */
const isCosts = (costs: unknown): boolean => {
  if (!isObject(costs)) return false
  const values = Object.values(costs)
  return values.length > 0 && values.every((cost) => typeof cost === 'number')
}

const merged = (data: object, value: Record<string, unknown>, others: readonly string[]): object => {
  const product: Record<string, unknown> = { ...data }
  for (const key of others) {
    if (Object.hasOwn(product, key) && !isDeepStrictEqual(product[key], value[key])) {
      throw new TaskError(
        PERMANENT_ERROR,
        `The handler returned "${key}" in its data and another "${key}" beside them: return one of them`,
      )
    }
    Object.defineProperty(product, key, { value: value[key], enumerable: true, configurable: true })
  }
  return product
}

const warn = (definition: TaskDefinition, others: readonly string[], log: Logger): void => {
  if (warned.has(definition)) return
  warned.add(definition)
  log.warn(
    { taskName: definition.name, members: others },
    `Handler of task "${definition.name}" returned ${others.map((key) => `"${key}"`).join(', ')} beside the members of a result: they are sent as data. Return { status, data: { … } }`,
  )
}
