import { PermanentError } from '../errors.js'
import type { TaskContext } from './context.js'

/** Members that middleware adds to the context of a task. */
export type ContextAdditions = object

/**
 * Runs the rest of the middleware and the handler. Resolves to what the handler returned, and rejects with what it threw.
 *
 * @param additions - members that the rest of the middleware and the handler find on their context
 */
export type Next<Added extends ContextAdditions = NonNullable<unknown>> =
  NonNullable<unknown> extends Added
    ? (additions?: Added) => Promise<unknown>
    : (additions: Added) => Promise<unknown>

/**
 * Code that runs around the handler of each task. Its return value is the result of the task; without one, the value of
 * `next()` is. An error that it throws fails this task alone, like an error of the handler.
 *
 * @param ctx - the context of the task, with what earlier middleware has added
 * @param next - runs the rest; must be called at most once
 * @param params - the validated params of the task
 */
export type Middleware<
  Added extends ContextAdditions = NonNullable<unknown>,
  Known extends ContextAdditions = NonNullable<unknown>,
> = (ctx: TaskContext & Known, next: Next<Added>, params: unknown) => unknown

type AnyMiddleware = (
  ctx: TaskContext,
  next: (additions?: object) => Promise<unknown>,
  params: unknown,
) => unknown

/** Runs the middleware of a worker around the handlers, in the order of its registration: the first is the outermost. */
export class MiddlewareChain {
  #all: readonly AnyMiddleware[] = []
  /** The members of every context. */
  #reserved: ReadonlySet<string> | undefined

  get isEmpty(): boolean {
    return this.#all.length === 0
  }

  /** Counts for the tasks that start afterwards. */
  add(middleware: AnyMiddleware): void {
    this.#all = [...this.#all, middleware]
  }

  /** @param handle - calls the handler */
  run(context: TaskContext, params: unknown, handle: () => unknown): Promise<unknown> {
    this.#reserved ??= new Set(Object.keys(context))
    return new Passage(this.#all, this.#reserved, context, params, handle).enter(0)
  }
}

/** One task on its way through the middleware. */
class Passage {
  readonly #all: readonly AnyMiddleware[]
  readonly #reserved: ReadonlySet<string>
  readonly #context: TaskContext
  readonly #params: unknown
  readonly #handle: () => unknown

  constructor(
    all: readonly AnyMiddleware[],
    reserved: ReadonlySet<string>,
    context: TaskContext,
    params: unknown,
    handle: () => unknown,
  ) {
    this.#all = all
    this.#reserved = reserved
    this.#context = context
    this.#params = params
    this.#handle = handle
  }

  async enter(place: number): Promise<unknown> {
    const middleware = this.#all[place]
    if (!middleware) return this.#handle()
    let rest: Promise<unknown> | undefined
    let hasEnded = false
    const next = (additions?: object): Promise<unknown> => {
      if (rest) return Promise.reject(new PermanentError(`${nameOf(middleware, place)} called next() twice`))
      if (additions) this.#extend(additions, nameOf(middleware, place))
      rest = this.enter(place + 1)
      rest.then(
        () => {
          hasEnded = true
        },
        () => {
          hasEnded = true
        },
      )
      return rest
    }
    let value: unknown
    try {
      value = await middleware(this.#context, next, this.#params)
    } catch (error) {
      // The handler may still run: its slot is not free before it ends.
      if (rest && !hasEnded) await Promise.allSettled([rest])
      throw error
    }
    if (!rest && value === undefined) {
      throw new PermanentError(
        `${nameOf(middleware, place)} neither called next() nor returned a result: the handler did not run`,
      )
    }
    // Without an await of its own, an error of the handler would be lost.
    if (rest && (value === undefined || !hasEnded)) {
      const returned = await rest
      return value === undefined ? returned : value
    }
    return value
  }

  /** The worker and other middleware rely on the members of the context, so they cannot be replaced. */
  #extend(additions: object, name: string): void {
    for (const key of Object.keys(additions)) {
      if (this.#reserved.has(key))
        throw new PermanentError(`${name} cannot replace ctx.${key}: choose another name`)
    }
    Object.assign(this.#context, additions)
  }
}

const nameOf = ({ name }: AnyMiddleware, place: number): string =>
  `Middleware ${name === '' ? `number ${place + 1}` : `"${name}"`}`
