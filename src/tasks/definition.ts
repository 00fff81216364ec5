import type { StandardSchemaV1 } from '@standard-schema/spec'
import { AvtomatikaError } from '../errors.js'
import type { TaskContext } from './context.js'

/** A class whose instances are made from the raw params; what its constructor throws is the caller's mistake. */
// biome-ignore lint/suspicious/noExplicitAny: the constructor says itself what it takes
export type ParamsClass = new (params: any) => object

/** What describes and checks the params of a task: a class, or any Standard Schema (zod, valibot, arktype, …). */
export type ParamsSpec = StandardSchemaV1 | ParamsClass

/** What a handler receives for a {@link ParamsSpec}. */
export type ParamsOf<P> = P extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<P>
  : P extends abstract new (
        ...args: never
      ) => infer I
    ? I
    : RawParams

/** Params as the orchestrator sent them, unchecked. */
// biome-ignore lint/suspicious/noExplicitAny: nothing is known about them; that is what a spec is for
export type RawParams = Record<string, any>

/** A result with its status, as the orchestrator's blueprint sees it. */
export interface HandlerResult {
  /** `success` when absent; `failure`, `cancelled`, or any key of the blueprint's transitions. */
  status?: string
  /** Merged into the job's history. */
  data?: object
  /** For `failure`: what went wrong. */
  error?: { code: string; message: string }
}

/** What a handler may return: a result, or an object with none of its three keys, which is then the data. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement is a good handler
export type HandlerReturn = HandlerResult | object | null | undefined | void

/** Your code for one task name. */
export type Handler<P = RawParams> = (params: P, ctx: TaskContext) => HandlerReturn | Promise<HandlerReturn>

/** How a task is registered. */
export interface TaskOptions<P extends ParamsSpec | undefined = undefined> {
  /** Which of the worker's `taskTypeLimits` it counts against; none by default. */
  taskType?: string
  /** What describes and checks the params; the raw object by default. */
  params?: P
  /**
   * What describes and checks the data of a success: a task whose data do not fit fails with
   * `CONTRACT_VIOLATION_ERROR`. What the schema makes of the data is what is sent.
   */
  result?: StandardSchemaV1
  /** What describes and checks the payload of each event that {@link TaskContext.emit} sends, by its name. */
  events?: Readonly<Record<string, StandardSchemaV1>>
  /** One line for people, shown in the orchestrator's catalogue. */
  description?: string
  /** Its version; a blueprint may ask for one. */
  version?: string
  /** The statuses of its own that it may end with; a blueprint that knows others does not send it tasks. */
  statuses?: readonly string[]
}

/** How a task is described, beside its name and params. */
export type TaskDescription = Pick<TaskOptions, 'result' | 'events' | 'description' | 'version' | 'statuses'>

/** One registered task. */
export interface TaskDefinition {
  readonly name: string
  readonly taskType: string | undefined
  readonly params: ParamsSpec | undefined
  readonly described?: TaskDescription
  readonly handler: Handler<never>
}

/** What the orchestrators of the second generation take: which one it will meet, a worker does not know yet. */
const LEGAL_NAME = /^[\w-]{1,128}$/

/** Everything a worker can do, by task name. */
export class TaskRegistry {
  readonly #definitions = new Map<string, TaskDefinition>()

  /** @throws AvtomatikaError `TASK_NAME` when no orchestrator can call it that, `DUPLICATE_TASK` when the name is taken */
  add(definition: TaskDefinition): void {
    const { name } = definition
    if (typeof name !== 'string' || !LEGAL_NAME.test(name)) {
      throw new AvtomatikaError(
        'TASK_NAME',
        `A task cannot be called "${String(name)}": a name is 1 to 128 characters out of A-Z a-z 0-9 _ -`,
      )
    }
    if (this.#definitions.has(name)) {
      throw new AvtomatikaError(
        'DUPLICATE_TASK',
        `The task "${name}" is registered twice: give each handler a name of its own`,
      )
    }
    this.#definitions.set(name, definition)
  }

  get(name: string): TaskDefinition | undefined {
    return this.#definitions.get(name)
  }

  all(): readonly TaskDefinition[] {
    return [...this.#definitions.values()]
  }
}
