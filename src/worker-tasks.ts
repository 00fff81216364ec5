import type { LiveLimits } from './config/live-limits.js'
import type { CheckedHandler } from './tasks/checked-return.js'
import type { TaskContext } from './tasks/context.js'
import type { DefinedTask } from './tasks/define-task.js'
import type { HandlerReturn, ParamsOf, ParamsSpec, RawParams, TaskOptions } from './tasks/definition.js'
import type { ContextAdditions, Middleware } from './tasks/middleware.js'
import type { TasksIn, TypedTask } from './tasks/task-types.js'

/** The tasks of a worker: what can be added and changed, also while the worker runs. */
export interface WorkerTasks<Added extends ContextAdditions> {
  /** The models and the names that were added to the hot cache and not removed. */
  readonly hotCache: readonly string[]
  /** The hot tasks: orchestrators prefer this worker for them. See {@link WorkerOptions.skillDependencies}. */
  readonly hotSkills: readonly string[]

  /**
   * Registers the handler of one task name. On a running worker, the orchestrators learn of the task at once.
   *
   * @param name - the name in the orchestrator's blueprints: 1 to 128 characters out of `A-Z a-z 0-9 _ -`
   * @param handler - receives the params and the {@link TaskContext}; sync or async
   * @throws AvtomatikaError `TASK_NAME`, `TASK_TYPE`, `TASK_PROPERTIES`, `TASK_OPTIONS`, `TASK_HANDLER` or `DUPLICATE_TASK`:
   * the message says what is wrong
   * @throws StateError if the worker drains or has stopped
   * @example
   * worker.task('resize', { taskType: 'cpu', params: z.object({ width: z.number() }) }, async ({ width }, { signal }) => {
   *   return { data: { width } }
   * })
   */
  task<R = HandlerReturn, const N extends string = string>(
    name: N,
    handler: CheckedHandler<RawParams, R, false, TaskContext & Added>,
  ): this & TypedTask<N, undefined, R>
  task<
    P extends ParamsSpec | undefined = undefined,
    R = HandlerReturn,
    B extends boolean = false,
    const N extends string = string,
  >(
    name: N,
    options: TaskOptions<P> & { bigints?: B },
    handler: CheckedHandler<ParamsOf<P>, R, B, TaskContext & Added>,
  ): this & TypedTask<N, P, R>

  /**
   * Registers tasks of {@link defineTask}. Throws like {@link task}.
   *
   * @example
   * worker.add(resize, crop)
   */
  add<const T extends readonly DefinedTask<Added>[]>(...tasks: T): this & TasksIn<T>

  /**
   * Runs code around the handler of each task. The middleware that is registered first is the outermost. It counts for tasks
   * that start afterwards. See {@link Middleware} for its return value and its errors.
   *
   * @returns this worker, whose handlers find the members that the middleware adds on their context
   * @throws TypeError if the middleware is no function
   * @example
   * worker.use<{ db: Db }>(async (ctx, next) => next({ db: await pool.connect() }))
   */
  use<New extends ContextAdditions = NonNullable<unknown>>(
    middleware: Middleware<New, Added>,
  ): WorkerTasks<Added & New>

  /**
   * Starts no more tasks of one type, or of any type. Running tasks go on. A task that still comes waits for {@link resume}.
   * Orchestrators are told that the worker takes no such tasks. May be called before the start.
   *
   * @throws AvtomatikaError `UNKNOWN_TASK_TYPE` if no task has this type
   */
  pause(taskType?: string): void

  /** Ends a {@link pause}. Without a type, it does not end the pause of a single type. Throws like {@link pause}. */
  resume(taskType?: string): void

  /**
   * Changes the limits. Running tasks go on: after a limit was lowered, no task starts until enough of them have ended.
   *
   * @throws ConfigError that lists all problems; nothing is changed then
   * @example
   * worker.setLimits({ maxConcurrentTasks: 50, taskTypeLimits: { gpu: 2 } })
   */
  setLimits(limits: LiveLimits): void

  /** Tells the orchestrators that `model` is loaded, or that the task of this name is ready to run. */
  addToHotCache(model: string): void

  /** Tells the orchestrators that `model` is no longer loaded. */
  removeFromHotCache(model: string): void
}
