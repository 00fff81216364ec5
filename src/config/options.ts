import { isObject } from '../utils/json.js'
import type { Checks } from './checks.js'
import { count } from './number-kinds.js'
import { text } from './text-kinds.js'

const RECORD = { expected: 'an object' }
const MODELS = { expected: 'a list of model names' }

/** The names are those of the orchestrator. Without a prototype, the record has no value for "constructor". */
const settleRecord = <Value>(
  checks: Checks,
  name: string,
  record: unknown,
  settle: (place: string, value: unknown) => Value,
): Record<string, Value> => {
  const isRecord = isObject(record)
  if (!isRecord && record !== undefined) checks.refuse(name, record, RECORD)
  const entries = Object.entries(isRecord ? record : {})
  const settled = entries.map(([key, value]) => [key, settle(`${name}.${key}`, value)])
  return Object.assign(Object.create(null), Object.fromEntries(settled))
}

/** The limits by task type. Each is at least 1, because tasks of a type with limit 0 would wait forever. */
export const settleLimits = (checks: Checks, taskTypeLimits: unknown) =>
  settleRecord(checks, 'taskTypeLimits', taskTypeLimits, (place, limit) =>
    checks.settle(place, limit, count(1), 1),
  )

/** The models by skill. */
export const settleDependencies = (checks: Checks, skillDependencies: unknown) =>
  settleRecord(checks, 'skillDependencies', skillDependencies, (place, models) => {
    if (!Array.isArray(models)) checks.refuse(place, models, MODELS)
    const names: unknown[] = Array.isArray(models) ? models : []
    return names.map((model, index) => checks.settle(`${place}[${index}]`, model, text, ''))
  })
