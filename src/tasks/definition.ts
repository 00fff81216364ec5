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
}

/** One registered task. */
export interface TaskDefinition {
  readonly name: string
  readonly taskType: string | undefined
  readonly params: ParamsSpec | undefined
  readonly handler: Handler<never>
}

/** Everything a worker can do, by task name. */
export class TaskRegistry {
  readonly #definitions = new Map<string, TaskDefinition>()

  /** @throws AvtomatikaError `DUPLICATE_TASK` when the name is taken */
  add(definition: TaskDefinition): void {
    const { name } = definition
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
