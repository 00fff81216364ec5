import { AvtomatikaError } from '../errors.js'
import { didYouMean } from '../utils/did-you-mean.js'
import { isObject } from '../utils/json.js'
import type { TaskOptions } from './definition.js'
import { problemOfSchema } from './json-schema/problem-of-schema.js'

/** Returns what is expected in place of a value; `undefined` if the value is right. */
type Check = (value: unknown) => string | undefined

const text: Check = (value) => (typeof value === 'string' ? undefined : 'a text')

const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')

const SCHEMA = 'a Standard Schema (zod 3.24 or later, valibot 1, arktype 2, …)'

const schema = (value: unknown, or: string): string | undefined => {
  if (isStandard(value)) return undefined
  if (typeof value === 'function' || !isObject(value)) return `${SCHEMA}${or}`
  const problem = problemOfSchema(value)
  return problem === undefined ? undefined : `${SCHEMA}${or}. It is no JSON Schema: ${problem}`
}

const isStandard = (value: unknown): boolean => {
  const isHolder = (typeof value === 'object' || typeof value === 'function') && value !== null
  return isHolder && isObject((value as { '~standard'?: unknown })['~standard'])
}

/** An arrow function or a method cannot be called with `new`. */
const isClass = (value: unknown): boolean => typeof value === 'function' && isObject(value.prototype)

const params: Check = (value) =>
  isClass(value) ? undefined : schema(value, ', a class, or a JSON Schema of an object')

const result: Check = (value) => schema(value, ' or a JSON Schema of an object')

const events: Check = (value) => {
  if (!isObject(value) || isStandard(value)) return 'an object with a schema for each event name'
  for (const [name, each] of Object.entries(value)) {
    const problem = schema(each, ' or a JSON Schema of an object')
    if (problem !== undefined) return `${problem} (event "${name}")`
  }
  return undefined
}

const statuses: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '')
    ? undefined
    : 'a list of texts, none of them empty'

const OPTIONS = {
  taskType: text,
  params,
  result,
  events,
  description: text,
  version: text,
  bigints: flag,
  statuses,
  // The registry checks them, because they are part of the skill that orchestrators learn of.
  properties: () => undefined,
} satisfies Record<keyof TaskOptions, Check>

/** Names that users of the Python SDK know. */
const OTHER_NAMES: Readonly<Record<string, keyof TaskOptions>> = {
  type: 'taskType',
  schema: 'params',
  input_schema: 'params',
  inputSchema: 'params',
  output_schema: 'result',
  outputSchema: 'result',
  events_schema: 'events',
  eventsSchema: 'events',
  output_statuses: 'statuses',
  outputStatuses: 'statuses',
}

/** @throws AvtomatikaError `TASK_OPTIONS` that lists every wrong option of a task */
export const checkOptions = (name: string, options: unknown): void => {
  if (!isObject(options)) throw wrong(name, ['  the options must be an object'])
  const problems = Object.entries(options).flatMap(([option, value]) => problemOf(option, value))
  if (problems.length > 0) throw wrong(name, problems)
}

const wrong = (name: string, problems: readonly string[]): AvtomatikaError =>
  new AvtomatikaError('TASK_OPTIONS', `Task "${name}" cannot be registered:\n${problems.join('\n')}`)

const problemOf = (option: string, value: unknown): string[] => {
  if (!Object.hasOwn(OPTIONS, option)) return [`  unknown option "${option}": ${hintFor(option)}`]
  if (value === undefined) return []
  const expected = OPTIONS[option as keyof typeof OPTIONS](value)
  return expected === undefined ? [] : [`  ${option}: expected ${expected}`]
}

const hintFor = (option: string): string => {
  const known = Object.hasOwn(OTHER_NAMES, option) ? OTHER_NAMES[option] : undefined
  return known === undefined ? didYouMean(option, Object.keys(OPTIONS)) : `did you mean "${known}"?`
}

/** Begins the text of a class. */
const CLASS = /^class\b/

/** @throws AvtomatikaError `TASK_HANDLER` if the handler of a task is missing or no function */
export const checkHandler = (name: string, handler: unknown): void => {
  const isFunction = typeof handler === 'function'
  if (isFunction && !CLASS.test(Function.prototype.toString.call(handler))) return
  const what = isFunction ? 'a class' : handler === undefined ? 'missing' : kindOf(handler)
  throw new AvtomatikaError(
    'TASK_HANDLER',
    `Task "${name}" cannot be registered: its handler is ${what}. Pass a function last: worker.task(name, options, handler)`,
  )
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
