import type { StandardSchemaV1 } from '@standard-schema/spec'
import { AvtomatikaError } from '../errors.js'
import type { JsonObject } from '../utils/json.js'
import { checkType, LEGAL_NAME, plainProperties } from './check-skill.js'
import type { TaskContext } from './context.js'
import type { ContextAdditions } from './middleware.js'

/** A class whose instances are created from the raw params. An error of its constructor fails the task as invalid input. */
// biome-ignore lint/suspicious/noExplicitAny: the constructor declares the type of its argument
export type ParamsClass = new (params: any) => object

/**
 * A plain JSON Schema of an object. Draft 7, unless `$schema` names draft 4, 2019-09 or 2020-12. It is published to the
 * orchestrator unchanged.
 *
 * @example
 * const params = { type: 'object', properties: { width: { type: 'integer' } }, required: ['width'] }
 */
export interface JsonSchema {
  /** The draft of JSON Schema that the schema uses. */
  readonly $schema?: string
  /** The URI of the schema. */
  readonly $id?: string
  /** The URI of another schema that applies instead. */
  readonly $ref?: string
  /** A comment for readers of the schema. */
  readonly $comment?: string
  /** Schemas that `$ref` can name, by name. */
  readonly $defs?: Readonly<Record<string, unknown>>
  /** Schemas that `$ref` can name, by name. Drafts before 2019-09. */
  readonly definitions?: Readonly<Record<string, unknown>>
  /** A short title, for people. */
  readonly title?: string
  /** A description, for people. */
  readonly description?: string
  /** The default value. The worker does not fill it in. */
  readonly default?: unknown
  /** Examples of valid values. */
  readonly examples?: readonly unknown[]
  /** Whether the value should no longer be used. */
  readonly deprecated?: boolean
  /** The type of the value, or several types. */
  readonly type?: string | readonly string[]
  /** The allowed values. */
  readonly enum?: readonly unknown[]
  /** The only allowed value. */
  readonly const?: unknown
  /** The schemas of members, by name. */
  readonly properties?: Readonly<Record<string, unknown>>
  /** The schemas of members, by a regular expression of their names. */
  readonly patternProperties?: Readonly<Record<string, unknown>>
  /** The schema of all other members. `false` allows none. */
  readonly additionalProperties?: unknown
  /** The schema of members that no other keyword has checked. `false` allows none. */
  readonly unevaluatedProperties?: unknown
  /** The schema of the names of the members. */
  readonly propertyNames?: unknown
  /** The names of the members that must be present. */
  readonly required?: readonly string[]
  /** The smallest number of members. */
  readonly minProperties?: number
  /** The largest number of members. */
  readonly maxProperties?: number
  /** Members or schemas that the presence of a member requires, by its name. Drafts before 2019-09. */
  readonly dependencies?: Readonly<Record<string, unknown>>
  /** Members that the presence of a member requires, by its name. */
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>
  /** Schemas that the presence of a member requires, by its name. */
  readonly dependentSchemas?: Readonly<Record<string, unknown>>
  /** Schemas that must all accept the value. */
  readonly allOf?: readonly unknown[]
  /** Schemas of which at least one must accept the value. */
  readonly anyOf?: readonly unknown[]
  /** Schemas of which exactly one must accept the value. */
  readonly oneOf?: readonly unknown[]
  /** A schema that must not accept the value. */
  readonly not?: unknown
  /** A schema that decides between `then` and `else`. */
  readonly if?: unknown
  /** The schema that applies if `if` accepts the value. */
  readonly then?: unknown
  /** The schema that applies if `if` does not accept the value. */
  readonly else?: unknown
}

/** The schema of data or of a payload: a Standard Schema (zod, valibot, arktype, …) or a plain JSON Schema. */
export type ResultSpec = StandardSchemaV1 | JsonSchema

/** The schema of the params of a task: a class, a Standard Schema (zod, valibot, arktype, …), or a plain JSON Schema. */
export type ParamsSpec = StandardSchemaV1 | ParamsClass | JsonSchema

/** The type of the params that a handler receives for a {@link ParamsSpec}. */
export type ParamsOf<P> = P extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<P>
  : P extends abstract new (
        ...args: never
      ) => infer I
    ? I
    : RawParams

/** Unchecked params, as the orchestrator sent them. */
// biome-ignore lint/suspicious/noExplicitAny: without a spec nothing is known about the params
export type RawParams = Record<string, any>

/**
 * A result with its status.
 *
 * @example
 * return { status: 'too_dark', data: { brightness: 0.1 } }
 */
export interface HandlerResult {
  /**
   * `success`, `failure`, `cancelled`, or another transition of the blueprint. Default: `failure` if there is an `error`,
   * otherwise `success`.
   */
  status?: string
  /** A JSON-compatible object. The orchestrator merges it into the job's history. */
  data?: object
  /**
   * The reason of a `failure`. The code decides whether the orchestrator retries, see {@link TaskErrorCode}. Orchestrators of the
   * first generation do not use `details`.
   */
  error?: {
    /** The error code, see {@link TaskErrorCode}. */
    code: string
    /** The reason, for people. */
    message: string
    /** More about the failure, for programs. Must be JSON. */
    details?: object
  }
  /**
   * The costs of the task, by name, such as `{ tokens: 7 }`. The worker adds `execution_time_seconds`. Orchestrators of the
   * first generation do not receive them.
   */
  costs?: Readonly<Record<string, number>>
  /**
   * New values for members of the metadata of the job. The job must have metadata, see {@link TaskContext.metadata}. Otherwise
   * the worker logs a warning and does not send them. Orchestrators of the first generation do not receive them.
   */
  metadata?: object
}

/**
 * A plain object that a handler returns as the data of a success. Arrays, dates, functions, Maps and promises are not allowed. The
 * compiler checks the types of its members at the registration of the handler.
 */
export interface OwnData {
  /** A member of the data, by its name. */
  // biome-ignore lint/suspicious/noExplicitAny: interfaces and classes have no index signature, and `any` accepts them
  readonly [member: string]: any
  /** Not allowed in plain data: return a {@link HandlerResult} to set a status. */
  readonly status?: never
  /** Not allowed in plain data: return a {@link HandlerResult} to set a status. */
  readonly data?: never
  /** Not allowed in plain data: return a {@link HandlerResult} to report an error. */
  readonly error?: never
  /** Arrays, Maps and Sets have it. */
  readonly [Symbol.iterator]?: never
  /** Promises and buffers have it. */
  readonly [Symbol.toStringTag]?: never
  /** Dates have it. */
  readonly [Symbol.toPrimitive]?: never
  /** Functions have it. */
  readonly [Symbol.hasInstance]?: never
}

/**
 * The return value of a handler: a {@link HandlerResult}, nothing, or an object without the keys `status`, `data` and
 * `error`. Such an object is the data of a success. The compiler refuses other members beside these keys, and values that
 * JSON cannot represent.
 *
 * In JavaScript, other members beside these keys are sent as data, with a warning once for each task.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler may have no return statement
export type HandlerReturn = HandlerResult | OwnData | null | undefined | void

/**
 * The handler of one task name. It may throw a {@link TransientError}, a {@link PermanentError} or an {@link InvalidInputError}. Any
 * other error counts as transient. `Added` are the members that middleware adds to the context.
 */
export type Handler<P = RawParams, Added extends ContextAdditions = NonNullable<unknown>> = (
  params: P,
  ctx: TaskContext & Added,
) => HandlerReturn | Promise<HandlerReturn>

/**
 * The options of a task.
 *
 * @example
 * worker.task('resize', { taskType: 'cpu', params: z.object({ width: z.number() }) }, resize)
 */
export interface TaskOptions<P extends ParamsSpec | undefined = undefined> {
  /**
   * The type of the task: 1 to 128 characters out of `A-Z a-z 0-9 _ -`. The entry of the worker's `taskTypeLimits` with this
   * name limits the task, together with all tasks of the type. A blueprint may ask for a type (`skill_type`). Default: the
   * name of the task.
   */
  taskType?: string
  /**
   * Facts about the task that a blueprint may require, by name, such as `{ lang: 'en' }`. Must be JSON. Orchestrators of the
   * first generation do not know properties. Default: none.
   */
  properties?: Readonly<Record<string, unknown>>
  /**
   * Validates the params. The handler receives the validated output, including defaults and coerced values. Params that do
   * not match fail the task with `INVALID_INPUT_ERROR`. A plain JSON Schema only validates. Default: the handler receives the
   * raw object.
   */
  params?: P
  /**
   * Validates the data of a success. The validated output is sent. Data that do not match fail the task with
   * `CONTRACT_VIOLATION_ERROR`. Default: any data are sent.
   */
  result?: ResultSpec
  /** Validates the payloads of the events that {@link TaskContext.emit} sends, by event name. Must be synchronous. */
  events?: Readonly<Record<string, ResultSpec>>
  /** One line for people, shown in the orchestrator's catalog. Default: none. */
  description?: string
  /** The version of the task. A blueprint may ask for one. Default: none. */
  version?: string
  /**
   * Whether the handler receives integers beyond 2^53 as bigints. A number would lose their last digits. The result may then contain
   * bigints, which are sent as integers. Orchestrators of the second generation read at most 64 bits. Default: true if the schema
   * in `params` accepts bigints, else false. Lost digits are logged once for each task.
   *
   * @example
   * worker.task('count', { bigints: true }, ({ id }) => ({ next: BigInt(id) + 1n }))
   */
  bigints?: boolean
  /**
   * The statuses besides `success`, `failure` and `cancelled` that the handler may return. Any other status fails the task with
   * `PERMANENT_ERROR`. A blueprint with other transitions does not send its tasks here. Default: any status may be returned.
   */
  statuses?: readonly string[]
}

/** The description of a task besides its name and params. Plain JSON Schemas have become Standard Schemas. */
export type TaskDescription = Pick<
  TaskOptions,
  'description' | 'version' | 'bigints' | 'statuses' | 'properties'
> & {
  readonly result?: StandardSchemaV1
  readonly events?: Readonly<Record<string, StandardSchemaV1>>
}

/** One registered task. */
export interface TaskDefinition {
  readonly name: string
  /** The registry fills in the name if there is no type. */
  readonly taskType: string | undefined
  /** A copy of the properties, made by the registry. */
  readonly properties?: JsonObject
  readonly params: StandardSchemaV1 | ParamsClass | undefined
  readonly described?: TaskDescription
  readonly handler: Handler<never, never>
}

/** A task in the registry. */
export type RegisteredTask = TaskDefinition & { readonly taskType: string }

/** All tasks of a worker, by name. */
export class TaskRegistry {
  readonly #definitions = new Map<string, RegisteredTask>()

  /**
   * @throws AvtomatikaError `TASK_NAME` if no orchestrator accepts the name, `DUPLICATE_TASK` if the name is taken,
   * `TASK_TYPE` or `TASK_PROPERTIES` if no orchestrator accepts the type or the properties
   */
  add(definition: TaskDefinition): void {
    const { name } = definition
    if (typeof name !== 'string' || !LEGAL_NAME.test(name)) {
      throw new AvtomatikaError(
        'TASK_NAME',
        `Invalid task name "${String(name)}": use 1 to 128 characters from A-Z a-z 0-9 _ -`,
      )
    }
    if (this.#definitions.has(name)) {
      throw new AvtomatikaError(
        'DUPLICATE_TASK',
        `Task "${name}" is registered twice: give each handler a different name`,
      )
    }
    const { taskType = name, described } = definition
    checkType(name, taskType)
    const properties = plainProperties(name, described?.properties)
    this.#definitions.set(name, { ...definition, taskType, ...(properties && { properties }) })
  }

  get(name: string): RegisteredTask | undefined {
    return this.#definitions.get(name)
  }

  all(): readonly RegisteredTask[] {
    return [...this.#definitions.values()]
  }

  get names(): readonly string[] {
    return [...this.#definitions.keys()]
  }
}
