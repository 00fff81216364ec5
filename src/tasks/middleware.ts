import { PermanentError } from '../errors.js'
import { isPending } from '../utils/is-pending.js'
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
 * A function that runs around the handler of each task. Its return value is the result of the task. Without a return value, the
 * result is the value of `next()`. An error of the middleware fails this task, like an error of the handler.
 *
 * @example
 * const timed: Middleware = async (ctx, next) => {
 *   const started = performance.now()
 *   await next()
 *   ctx.log.info({ ms: performance.now() - started }, 'handler ended')
 * }
 * worker.use(timed)
 *
 * @param ctx - the context of the task, with the members that earlier middleware has added
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
    const passage = { all: this.#all, reserved: this.#reserved, context, params, handle }
    return new Step(passage, 0).start()
  }
}

/** What all steps of one task share. */
interface Passage {
  readonly all: readonly AnyMiddleware[]
  /** The members of the context that cannot be replaced. */
  readonly reserved: ReadonlySet<string>
  readonly context: TaskContext
  readonly params: unknown
  readonly handle: () => unknown
}

const ignore = (): void => {}

/**
 * One middleware of one task, or the handler as the last step. The hot path: no async function, and one promise for each
 * middleware besides its own.
 */
class Step {
  readonly #passage: Passage
  readonly #place: number
  #rest: Step | undefined
  #promise: Promise<unknown> | undefined
  #hasEnded = false

  constructor(passage: Passage, place: number) {
    this.#passage = passage
    this.#place = place
  }

  start(): Promise<unknown> {
    const middleware = this.#passage.all[this.#place]
    const promise = middleware ? this.#runMiddleware(middleware) : this.#runHandler()
    // A middleware may leave the promise alone. The step before sees its error all the same.
    promise.catch(ignore)
    this.#promise = promise
    return promise
  }

  #runMiddleware(middleware: AnyMiddleware): Promise<unknown> {
    const { context, params } = this.#passage
    try {
      const value = middleware(context, (additions) => this.#next(additions), params)
      if (!isPending(value)) return Promise.resolve(this.#returned(value))
      return Promise.resolve(value).then(
        (given) => this.#returned(given),
        (error: unknown) => this.#threw(error),
      )
    } catch (error) {
      return this.#threw(error)
    }
  }

  #runHandler(): Promise<unknown> {
    try {
      const value = this.#passage.handle()
      if (!isPending(value)) return Promise.resolve(this.#keep(value))
      return Promise.resolve(value).then(
        (given) => this.#keep(given),
        (error: unknown) => this.#fail(error),
      )
    } catch (error) {
      return this.#fail(error)
    }
  }

  #next(additions: object | undefined): Promise<unknown> {
    if (this.#rest) return Promise.reject(new PermanentError(`${this.#name} called next() twice`))
    try {
      if (additions) this.#extend(additions)
    } catch (error) {
      return Promise.reject(error)
    }
    this.#rest = new Step(this.#passage, this.#place + 1)
    return this.#rest.start()
  }

  #keep(value: unknown): unknown {
    this.#hasEnded = true
    return value
  }

  #fail(error: unknown): Promise<never> {
    this.#hasEnded = true
    return Promise.reject(error)
  }

  /** The middleware has returned. Without a value of its own, the value of the rest stands. */
  #returned(value: unknown): unknown {
    const rest = this.#rest
    if (!rest && value === undefined) {
      return this.#fail(
        new PermanentError(
          `${this.#name} neither called next() nor returned a result: the handler did not run`,
        ),
      )
    }
    if (!rest || (value !== undefined && rest.#hasEnded)) return this.#keep(value)
    // The handler may still run: its slot is not free before it ends, and its error is not lost.
    return (rest.#promise as Promise<unknown>).then(
      (returned) => this.#keep(value === undefined ? returned : value),
      (error: unknown) => this.#fail(error),
    )
  }

  /** The middleware has thrown. The handler may still run: its slot is not free before it ends. */
  #threw(error: unknown): Promise<never> {
    const rest = this.#rest
    if (!rest || rest.#hasEnded) return this.#fail(error)
    const fail = () => this.#fail(error)
    return (rest.#promise as Promise<unknown>).then(fail, fail)
  }

  /** The worker and other middleware rely on the members of the context, so they cannot be replaced. */
  #extend(additions: object): void {
    const { context, reserved } = this.#passage
    for (const key of Object.keys(additions)) {
      if (reserved.has(key))
        throw new PermanentError(`${this.#name} cannot replace ctx.${key}: choose another name`)
    }
    Object.assign(context, additions)
  }

  /** For error messages. */
  get #name(): string {
    const name = this.#passage.all[this.#place]?.name ?? ''
    return `Middleware ${name === '' ? `number ${this.#place + 1}` : `"${name}"`}`
  }
}
