import { isObject } from '../utils/json.js'
import type { Checks } from './checks.js'
import { count } from './number-kinds.js'
import { text } from './text-kinds.js'

/** What `new Worker(…)` may decide itself; each one given wins over the configuration. */
export interface ConstructorOptions {
  readonly workerType?: string | undefined
  readonly maxConcurrentTasks?: number | undefined
  readonly taskTypeLimits?: Readonly<Record<string, number>> | undefined
  readonly skillDependencies?: Readonly<Record<string, readonly string[]>> | undefined
}

const RECORD = { expected: 'an object' }
const MODELS = { expected: 'a list of model names' }

/** Names come from outside: a record without a prototype has no entry for "constructor". */
const bare = <Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> =>
  Object.assign(Object.create(null), Object.fromEntries(entries))

const settleRecord = <Value>(
  checks: Checks,
  name: string,
  record: unknown,
  settle: (place: string, value: unknown) => Value,
): Record<string, Value> => {
  if (record === undefined) return bare<Value>([])
  if (!isObject(record)) {
    checks.refuse(name, record, RECORD)
    return bare<Value>([])
  }
  return bare(Object.entries(record).map(([key, value]) => [key, settle(`${name}.${key}`, value)] as const))
}

/** The limits by task type, each at least 1: a type that may never run would wait for ever. */
export const settleLimits = (
  checks: Checks,
  { taskTypeLimits }: ConstructorOptions,
): Record<string, number> =>
  settleRecord(checks, 'taskTypeLimits', taskTypeLimits, (place, limit) =>
    checks.settle(place, limit, count(1), 1),
  )

const settleModels = (checks: Checks, place: string, models: unknown): readonly string[] => {
  if (Array.isArray(models)) {
    return models.map((model, index) => checks.settle(`${place}[${index}]`, model, text, ''))
  }
  checks.refuse(place, models, MODELS)
  return []
}

/** The models by skill. */
export const settleDependencies = (
  checks: Checks,
  { skillDependencies }: ConstructorOptions,
): Record<string, readonly string[]> =>
  settleRecord(checks, 'skillDependencies', skillDependencies, (place, models) =>
    settleModels(checks, place, models),
  )
