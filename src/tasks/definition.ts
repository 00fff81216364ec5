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
  readonly $schema?: string
  readonly $id?: string
  readonly $ref?: string
  readonly $comment?: string
  readonly $defs?: Readonly<Record<string, unknown>>
  readonly definitions?: Readonly<Record<string, unknown>>
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly examples?: readonly unknown[]
  readonly deprecated?: boolean
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, unknown>>
  readonly patternProperties?: Readonly<Record<string, unknown>>
  readonly additionalProperties?: unknown
  readonly unevaluatedProperties?: unknown
  readonly propertyNames?: unknown
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly dependencies?: Readonly<Record<string, unknown>>
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>
  readonly dependentSchemas?: Readonly<Record<string, unknown>>
  readonly allOf?: readonly unknown[]
  readonly anyOf?: readonly unknown[]
  readonly oneOf?: readonly unknown[]
  readonly not?: unknown
  readonly if?: unknown
  readonly then?: unknown
  readonly else?: unknown
}

/** The description of data or of a payload: a Standard Schema (zod, valibot, arktype, …) or a plain JSON Schema. */
export type ResultSpec = StandardSchemaV1 | JsonSchema

/** The description of a task's params: a class, a Standard Schema (zod, valibot, arktype, …), or a plain JSON Schema. */
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
   * The reason of a `failure`. The code decides whether the orchestrator tries again, see {@link TaskErrorCode}. `details` say
   * more about the failure, for programs. Orchestrators of the first generation do not use them.
   */
  error?: { code: string; message: string; details?: object }
  /**
   * What the task has cost, by name, such as `{ tokens: 7 }`. The worker adds `execution_time_seconds`. Orchestrators of the
   * first generation take none.
   */
  costs?: Readonly<Record<string, number>>
  /**
   * Replaces members of the metadata of the job. Only a job that has metadata can take them, see {@link TaskContext.metadata}.
   * For any other job the worker logs a warning and does not send them. Orchestrators of the first generation take none.
   */
  metadata?: object
}

/**
 * An object of the handler's own, which is the data of a success. Arrays, dates, functions, Maps and promises are none. The types
 * of its members are checked where the handler is registered.
 */
export interface OwnData {
  // biome-ignore lint/suspicious/noExplicitAny: interfaces and classes have no index signature, and `any` accepts them
  readonly [member: string]: any
  readonly status?: never
  readonly data?: never
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
 * The code for one task name. `Added` are the members that middleware adds to the context. It may throw {@link TransientError}, {@link PermanentError} or {@link InvalidInputError}; any
 * other error counts as transient.
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
   * What a blueprint may require of the task, by name, such as `{ lang: 'en' }`. Must be JSON. Orchestrators of the first
   * generation do not know properties. Default: none.
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
   * Whether params keep integers beyond 2^53 as bigints. A number would lose their last digits. The result may then contain
   * bigints, too; they are sent as integers. Orchestrators of the second generation read at most 64 bits. Default: false,
   * unless the schema in `params` accepts bigints; digits that are lost are logged once for each task.
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

/** All tasks of a worker, by name. */
export class TaskRegistry {
  readonly #definitions = new Map<string, TaskDefinition>()

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

  get(name: string): TaskDefinition | undefined {
    return this.#definitions.get(name)
  }

  all(): readonly TaskDefinition[] {
    return [...this.#definitions.values()]
  }

  get names(): readonly string[] {
    return [...this.#definitions.keys()]
  }
}
