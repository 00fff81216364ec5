import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { HandlerReturn, ParamsSpec, RawParams } from './definition.js'

/** The types of one task, as a client sees them. */
export interface TaskTypes {
  /** What a client sends: the params before they are validated. */
  readonly params: object
  /** What a client receives: the data of a success, after JSON. */
  readonly result: object
}

/** Carries the types of tasks, by name. The member exists for the compiler only: no value has it. */
export interface HasTasks<Tasks extends Readonly<Record<string, TaskTypes>> = Record<never, TaskTypes>> {
  /** The types of the tasks, by name. The member exists for the compiler only. */
  readonly '~tasks'?: Tasks
}

/** Returns the params that a client sends for a {@link ParamsSpec}: the input of a schema, the argument of a class. */
export type ParamsInput<P> = P extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<P> & object
  : P extends abstract new (
        params: infer Params extends object,
      ) => unknown
    ? Params
    : RawParams

/** Returns what JSON makes of a type: a date becomes a string, and so does each value with a `toJSON`. */
export type AfterJson<T> = unknown extends T
  ? T
  : T extends { toJSON: (...args: never) => infer Replacement }
    ? AfterJson<Replacement>
    : T extends object
      ? { [Key in keyof T]: AfterJson<T[Key]> }
      : T

/** Returns the data of a success for the return type of a handler. */
export type DataOf<Returned> = HandlerReturn extends Returned
  ? RawParams
  : Awaited<Returned> extends infer R
    ? R extends { readonly data: infer Data extends object }
      ? AfterJson<Data>
      : R extends { readonly status: string } | { readonly error: object }
        ? never
        : R extends object
          ? AfterJson<R>
          : Record<never, never>
    : never

/** A task with the types of its params and its result. */
export type TypedTask<Name extends string, P, Returned> = HasTasks<{
  readonly [Key in Name]: { readonly params: ParamsInput<P>; readonly result: DataOf<Returned> }
}>

/** The types of all tasks in a list. */
export type TasksIn<List extends readonly unknown[]> = List extends readonly [infer First, ...infer Rest]
  ? (First extends HasTasks<infer Tasks> ? HasTasks<Tasks> : unknown) & TasksIn<Rest>
  : unknown
