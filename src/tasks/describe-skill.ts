import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Skill } from '../protocol/messages.js'
import { isObject, type JsonObject } from '../utils/json.js'
import type { TaskDefinition } from './definition.js'

interface ZodNode {
  readonly zodSchema: { readonly _zod: { readonly def: { readonly coerce?: boolean } } }
  readonly jsonSchema: Record<string, unknown>
}

/** A schema that coerces accepts any value. zod does not say so, and an orchestrator would refuse valid params. */
const override = ({ zodSchema, jsonSchema }: ZodNode): void => {
  if (zodSchema._zod.def.coerce) for (const name in jsonSchema) delete jsonSchema[name]
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
  taskType = name,
  properties,
  params,
  described = {},
}: TaskDefinition): Skill => {
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
