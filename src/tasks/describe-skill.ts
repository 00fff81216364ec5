import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Skill } from '../protocol/messages.js'
import { isObject, type JsonObject } from '../utils/json.js'
import type { TaskDefinition } from './definition.js'

interface ZodNode {
  readonly zodSchema: { readonly _zod: { readonly def: { readonly coerce?: boolean } } }
  readonly jsonSchema: Record<string, unknown>
}

/** What coerces takes anything, and zod does not say so: an orchestrator would refuse what the worker takes. */
const override = ({ zodSchema, jsonSchema }: ZodNode): void => {
  if (zodSchema._zod.def.coerce) for (const name in jsonSchema) delete jsonSchema[name]
}

/**
 * The orchestrator's Redis gives `{}` back as `[]`, which is no schema: what takes anything is `true`, and nothing is lost
 * without a member that says nothing.
 */
const withoutEmpty = (name: string, value: unknown): unknown => {
  if (name === '' || !isObject(value) || Object.keys(value).length > 0) return value
  return name === 'properties' || name === 'default' ? undefined : true
}

/** The draft that every orchestrator compiles. */
const TARGET = { target: 'draft-07' } as const
const OPTIONS = { input: { ...TARGET, libraryOptions: { override } }, output: TARGET }

/**
 * The JSON Schema of a validator, where it gives one (zod does, for most types).
 *
 * @param side - `input`: of what it takes · `output`: of what it gives
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
    // It cannot say all of it in JSON Schema: then the worker checks alone.
    return undefined
  }
}

const eventsOf = (events: Readonly<Record<string, StandardSchemaV1>>) =>
  Object.fromEntries(
    Object.entries(events).map(([name, spec]) => [name, jsonSchemaOf(spec, 'output') ?? {}] as const),
  )

/** What an orchestrator is told of a task. */
export const describeSkill = ({ name, params, described = {} }: TaskDefinition): Skill => {
  const { result, events, description, version, statuses } = described
  const inputSchema = jsonSchemaOf(params, 'input')
  const outputSchema = jsonSchemaOf(result, 'output')
  return {
    name,
    ...(description !== undefined && { description }),
    ...(version !== undefined && { version }),
    ...(inputSchema && { inputSchema }),
    ...(outputSchema && { outputSchema }),
    ...(events && { eventsSchema: eventsOf(events) }),
    ...(statuses && { statuses: [...new Set(['success', 'failure', ...statuses])] }),
  }
}
