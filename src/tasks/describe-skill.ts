import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Skill } from '../protocol/messages.js'
import { isObject, type JsonObject } from '../utils/json.js'
import type { RegisteredTask } from './definition.js'

interface ZodDefinition {
  readonly type: string
  readonly coerce?: boolean
  readonly in?: ZodSchema
  readonly shape?: Readonly<Record<string, StandardSchemaV1>>
  readonly checks?: readonly { readonly _zod?: { readonly def?: { readonly check?: string } } }[]
}
interface ZodSchema {
  readonly _zod: { readonly def: ZodDefinition }
}
interface ZodNode {
  readonly zodSchema: ZodSchema
  readonly jsonSchema: Record<string, unknown>
}

/** Keywords that stay if a schema changes the value before it checks the value, as `trim` does. */
const KEPT = ['type', 'items', 'properties', 'description', 'title']

/**
 * zod publishes what a value must be after the schema has changed it. An orchestrator would refuse valid params. So a schema
 * that coerces, prepares or replaces its value accepts any value, one that changes it accepts any value of its type, and a
 * member that may be missing is not required.
 */
const override = ({ zodSchema, jsonSchema }: ZodNode): void => {
  const { type, coerce, in: input, checks = [], shape } = zodSchema._zod.def
  const takesAnything = coerce || type === 'catch' || input?._zod.def.type === 'transform'
  const changes = checks.some((each) => each._zod?.def?.check === 'overwrite')
  for (const name in jsonSchema)
    if (takesAnything || (changes && !KEPT.includes(name))) delete jsonSchema[name]
  if (changes && jsonSchema['type'] === 'integer') jsonSchema['type'] = 'number'
  const { required } = jsonSchema
  if (!shape || !Array.isArray(required)) return
  const needed = required.filter((name: string) => !mayBeMissing(shape[name]))
  if (needed.length > 0) jsonSchema['required'] = needed
  else delete jsonSchema['required']
}

const mayBeMissing = (schema: StandardSchemaV1 | undefined): boolean => {
  try {
    const result = schema?.['~standard'].validate(undefined)
    if (!(result instanceof Promise)) return result !== undefined && !result.issues
    // Only a synchronous schema can tell here.
    result.catch(() => {})
    return false
  } catch {
    return false
  }
}

/**
 * Replaces `{}`, because the orchestrator's Redis returns it as `[]`, which is no schema. A schema that accepts any value
 * becomes `true`. An empty `properties` or `default` is left out.
 */
const withoutEmpty = (name: string, value: unknown): unknown => {
  if (name === '' || !isObject(value) || Object.keys(value).length > 0) return value
  return name === 'properties' || name === 'default' ? undefined : true
}

/** The draft that every orchestrator supports. */
const TARGET = { target: 'draft-07' } as const
const OPTIONS = { input: { ...TARGET, libraryOptions: { override } }, output: TARGET }

/**
 * Returns the JSON Schema of a validator, or `undefined` if the validator cannot produce one. zod can for most types.
 *
 * @param side - `input`: the values that it accepts · `output`: the values that it returns
 */
const jsonSchemaOf = (spec: unknown, side: 'input' | 'output'): JsonObject | undefined => {
  const standard = (spec as StandardSchemaV1 | undefined)?.['~standard'] as
    | { jsonSchema?: unknown }
    | undefined
  if (!isObject(standard?.jsonSchema)) return undefined
  const convert = standard.jsonSchema[side]
  if (typeof convert !== 'function') return undefined
  try {
    return JSON.parse(JSON.stringify(convert(OPTIONS[side])), withoutEmpty) as JsonObject
  } catch {
    // JSON Schema cannot express this validator. Then only the worker validates.
    return undefined
  }
}

const eventsOf = (events: Readonly<Record<string, StandardSchemaV1>>) =>
  Object.fromEntries(
    Object.entries(events).map(([name, spec]) => [name, jsonSchemaOf(spec, 'output') ?? {}] as const),
  )

/** Describes a task for the registration at an orchestrator. */
export const describeSkill = ({
  name,
  taskType,
  properties,
  params,
  described = {},
}: RegisteredTask): Skill => {
  const { result, events, description, version, statuses } = described
  const inputSchema = jsonSchemaOf(params, 'input')
  const outputSchema = jsonSchemaOf(result, 'output')
  return {
    name,
    type: taskType,
    // Redis would return `{}` as `[]`, and the orchestrator could not read the skill any more.
    ...(properties && Object.keys(properties).length > 0 && { properties }),
    ...(description !== undefined && { description }),
    ...(version !== undefined && { version }),
    ...(inputSchema && { inputSchema }),
    ...(outputSchema && { outputSchema }),
    ...(events && { eventsSchema: eventsOf(events) }),
    ...(statuses && { statuses: [...new Set(['success', 'failure', ...statuses])] }),
  }
}
