import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonSchema, ParamsSpec, ResultSpec, TaskDefinition, TaskOptions } from '../definition.js'
import { JsonSchemaSpec } from './json-schema-spec.js'

type Given = TaskOptions<ParamsSpec | undefined>

/** Options in which each plain JSON Schema has become a Standard Schema. */
export type WithStandardSchemas = Omit<Given, 'params' | 'result' | 'events'> & {
  readonly params?: Exclude<ParamsSpec, JsonSchema> | undefined
  readonly result?: StandardSchemaV1
  readonly events?: Readonly<Record<string, StandardSchemaV1>>
}

/** Replaces each plain JSON Schema in the options of a task by a Standard Schema, which the rest of the worker understands. */
export const withStandardSchemas = (options: Given): WithStandardSchemas => {
  const { params, result, events, ...others } = options
  const takesBigints = options.bigints === true
  return {
    ...others,
    ...(params && { params: isPlain(params) ? new JsonSchemaSpec(params, { takesBigints }) : params }),
    ...(result && { result: standard(result, { takesBigints }) }),
    ...(events && {
      events: Object.fromEntries(
        Object.entries(events).map(([name, spec]) => [name, standard(spec, { copies: true })]),
      ),
    }),
  }
}

const isPlain = (spec: ParamsSpec): spec is JsonSchema => typeof spec === 'object' && !('~standard' in spec)

const standard = (
  spec: ResultSpec,
  how: ConstructorParameters<typeof JsonSchemaSpec>[1],
): StandardSchemaV1 => (isPlain(spec) ? new JsonSchemaSpec(spec, how) : spec)

/**
 * Loads the validator if a task has a plain JSON Schema. Resolves when all schemas can be used.
 *
 * @throws AvtomatikaError `TASK_OPTIONS` if the validator cannot use a schema
 */
export const schemasReady = async (definitions: readonly TaskDefinition[]): Promise<void> => {
  for (const { name, params, described } of definitions) {
    const { result, events = {} } = described ?? {}
    for (const spec of [params, result, ...Object.values(events)])
      if (spec instanceof JsonSchemaSpec) await spec.prepare(name)
  }
}
