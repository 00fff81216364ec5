import { setMember } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import type { TaskDefinition } from './definition.js'
import { validateParams } from './validate-params.js'

/** The tasks whose params have lost digits already. Each is warned of once. */
const warned = new WeakSet<TaskDefinition>()

/**
 * Validates params with integers that no double holds, which are bigints here.
 *
 * - A task with `bigints` receives them.
 * - A schema that accepts bigints receives them, too.
 * - Any other task receives them as rounded numbers, as from `JSON.parse`. The first time, the log has a warning.
 *
 * @throws InvalidInputError with every issue and its path
 */
export const validateExact = async (
  definition: TaskDefinition,
  params: unknown,
  log: Logger,
): Promise<unknown> => {
  const { params: spec, described } = definition
  if (described?.bigints) {
    warn(definition, params, isEndless, 'Integers of more than 1,000 digits are not read', log)
    return validateParams(spec, params)
  }
  if (spec && '~standard' in spec) {
    const result = await spec['~standard'].validate(params)
    if (!result.issues) return result.value
  }
  const hint = 'Set `bigints: true` in the options of the task to receive such integers as bigints'
  warn(definition, params, isLost, hint, log)
  return validateParams(spec, rounded(params))
}

type Test = (value: unknown) => boolean

/** @param isGone - whether a value loses digits */
const warn = (definition: TaskDefinition, params: unknown, isGone: Test, hint: string, log: Logger): void => {
  if (warned.has(definition)) return
  const path = lossIn(params, 'params', isGone)
  if (path === undefined) return
  warned.add(definition)
  log.warn(
    { taskName: definition.name, path },
    `Integer in params with more digits than a number holds (beyond 2^53): its last digits are lost. ${hint}`,
  )
}

/** JSON has no infinity: the text had more digits than can be read. */
const isEndless = (value: unknown): boolean => typeof value === 'number' && !Number.isFinite(value)

const isLost = (value: unknown): boolean => {
  if (typeof value !== 'bigint') return isEndless(value)
  const double = Number(value)
  return !Number.isFinite(double) || BigInt(double) !== value
}

/** Returns the path of the first value that is lost. */
const lossIn = (value: unknown, path: string, isGone: Test): string | undefined => {
  if (isGone(value)) return path
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`
    const found = lossIn(member, place, isGone)
    if (found !== undefined) return found
  }
  return undefined
}

const rounded = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  const product: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) setMember(product, key, rounded(member))
  return product
}
