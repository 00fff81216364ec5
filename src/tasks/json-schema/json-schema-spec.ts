import type { OutputUnit, Schema, SchemaDraft, Validator } from '@cfworker/json-schema'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { AvtomatikaError } from '../../errors.js'
import type { JsonSchema } from '../definition.js'
import { describeThrown } from '../describe-thrown.js'
import { toPlainJson } from '../plain-json.js'

/** How a schema is used. */
interface Usage {
  /** Whether values may have bigints: integers that no double holds. Default: a bigint does not match. */
  readonly takesBigints?: boolean
  /** Whether values come from a handler and may have dates and undefined members. Default: values are plain JSON. */
  readonly copies?: boolean
}

/** A plain JSON Schema as a Standard Schema. The validator is loaded with the first one that is used. */
export class JsonSchemaSpec implements StandardSchemaV1 {
  readonly '~standard': StandardSchemaV1.Props & { readonly jsonSchema: object }
  readonly #schema: Schema
  readonly #usage: Usage
  #validator: Validator | undefined

  constructor(schema: JsonSchema, usage: Usage = {}) {
    // The validator writes into its schema, which may be frozen.
    this.#schema = structuredClone(schema) as Schema
    this.#usage = usage
    const convert = () => schema
    this['~standard'] = {
      version: 1,
      vendor: 'json-schema',
      validate: (value) =>
        this.#validator
          ? this.#check(value, this.#validator)
          : this.#load().then((each) => this.#check(value, each)),
      jsonSchema: { input: convert, output: convert },
    }
  }

  /**
   * Loads the validator.
   *
   * @throws AvtomatikaError `TASK_OPTIONS` if it cannot use the schema
   */
  async prepare(taskName: string): Promise<void> {
    try {
      // References that lead nowhere are found by the first value.
      this.#check({}, await this.#load())
    } catch (error) {
      throw new AvtomatikaError(
        'TASK_OPTIONS',
        `JSON Schema of task "${taskName}" cannot be used: ${describeThrown(error)}`,
        { cause: error },
      )
    }
  }

  async #load(): Promise<Validator> {
    const library = await import('@cfworker/json-schema')
    this.#validator ??= new library.Validator(this.#schema, draftOf(this.#schema), false)
    return this.#validator
  }

  #check(value: unknown, validator: Validator): StandardSchemaV1.Result<unknown> {
    const { takesBigints, copies } = this.#usage
    const plain = copies ? toPlainJson(value, 'payload') : value
    const checked = hasBigint(plain) ? takesBigints && rounded(plain) : plain
    if (checked === false) return { issues: [{ message: 'an integer beyond 2^53 does not match' }] }
    const { valid, errors } = validator.validate(checked)
    return valid ? { value: plain } : { issues: issuesOf(errors) }
  }
}

/** Keywords that no draft before 2020-12 has. */
const NEW = /"(?:prefixItems|unevaluatedItems|unevaluatedProperties|dependentSchemas|dependentRequired)":/

/** The draft that the schema names. Default: draft 7, by which orchestrators read a schema without a name. */
const draftOf = (schema: Schema): SchemaDraft => {
  const { $schema = '' } = schema
  if ($schema.includes('draft-04')) return '4'
  if ($schema.includes('2019-09')) return '2019-09'
  if ($schema.includes('2020-12')) return '2020-12'
  return NEW.test(JSON.stringify(schema)) ? '2020-12' : '7'
}

/** Keywords whose rows only say that a part does not match. The rows of the part say what is wrong. */
const SUMMARIES: ReadonlySet<string> = new Set([
  '$recursiveRef',
  '$ref',
  'additionalItems',
  'additionalProperties',
  'allOf',
  'contains',
  'dependentSchemas',
  'items',
  'patternProperties',
  'prefixItems',
  'properties',
  'unevaluatedItems',
  'unevaluatedProperties',
])

const issuesOf = (errors: readonly OutputUnit[]): StandardSchemaV1.Issue[] => {
  const details = errors.filter(({ keyword }) => !SUMMARIES.has(keyword))
  return (details.length > 0 ? details : errors).map(({ instanceLocation, keyword, error }) => ({
    message: keyword === 'false' ? 'is not allowed' : error,
    path: instanceLocation.split('/').slice(1).map(unescaped),
  }))
}

const unescaped = (key: string): string => {
  try {
    return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return key
  }
}

const hasBigint = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint'
  return Object.values(value).some(hasBigint)
}

const rounded = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(rounded)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, rounded(member)]))
}
