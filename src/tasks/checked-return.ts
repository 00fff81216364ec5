import type { JsonValue } from '../utils/json.js'
import type { TaskContext } from './context.js'
import type { HandlerResult } from './definition.js'

/** Values that JSON cannot represent: JSON.stringify would drop or empty them. */
export type NotJson =
  | symbol
  | ((...args: never) => unknown)
  | (abstract new (
      ...args: never
    ) => unknown)
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | PromiseLike<unknown>
  | RegExp
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView

/**
 * The part of a type that JSON can represent: `never` in place of functions, symbols, Maps, Sets, promises, bytes, and of bigints
 * unless `Bigints` is true. Interfaces and classes are taken by their members, or by their `toJSON`.
 */
export type Sendable<T, Bigints = false> = unknown extends T
  ? T
  : T extends JsonValue | undefined
    ? T
    : T extends bigint
      ? true extends Bigints
        ? T
        : never
      : T extends NotJson
        ? never
        : T extends { toJSON: (...args: never) => infer Replacement }
          ? Replacement extends Sendable<Replacement, Bigints>
            ? T
            : never
          : { [Key in keyof T]: Sendable<T[Key], Bigints> }

/**
 * The reason why a handler must not return a value of type `T`; `never` if it may. Nothing is known about `unknown`, `any` and
 * the members of a record.
 */
export type ResultProblem<T, Bigints = false> = unknown extends T
  ? never
  : // biome-ignore lint/suspicious/noConfusingVoidType: a handler may have no return statement
    T extends null | undefined | void
    ? never
    : T extends string | number | boolean | bigint | readonly unknown[]
      ? 'return an object: { data: … }'
      : T extends NotJson
        ? 'JSON cannot represent this value'
        : T extends { toJSON: (...args: never) => infer Replacement }
          ? ResultProblem<Replacement, Bigints>
          : T extends Sendable<T, Bigints>
            ? string extends keyof T
              ? never
              : // A union of literals has all members of the others as `undefined`.
                { [Key in keyof T]-?: T[Key] extends undefined ? never : Key }[keyof T] extends infer Given
                ? [Given & ('status' | 'data' | 'error')] extends [never]
                  ? never
                  : [Exclude<Given, keyof HandlerResult>] extends [never]
                    ? T extends { data: string | number | boolean | Date | readonly unknown[] }
                      ? 'data must be an object'
                      : T extends { status: number | boolean | object }
                        ? 'the status must be a text'
                        : never
                    : 'other members beside status, data and error: return { status, data: { … } }'
                : never
            : 'JSON cannot represent a member: a function, a Map, a Set, a promise, bytes or a bigint'

/** `unknown` if a handler may return a value of type `T`. Otherwise a type that names the problem and that no value has. */
export type CheckedReturn<T, Bigints = false> = [ResultProblem<Awaited<T>, Bigints>] extends [never]
  ? unknown
  : { readonly 'This result cannot be sent': ResultProblem<Awaited<T>, Bigints> }

/** A handler whose return type is checked: JSON must be able to represent it. */
export type CheckedHandler<Params, Returned, Bigints = false, Context = TaskContext> = (
  params: Params,
  ctx: Context,
) => Returned & CheckedReturn<Returned, Bigints>
