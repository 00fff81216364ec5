import type { LiveLimits } from './config/live-limits.js'
import type { CheckedHandler } from './tasks/checked-return.js'
import type { TaskContext } from './tasks/context.js'
import type { DefinedTask } from './tasks/define-task.js'
import type { HandlerReturn, ParamsOf, ParamsSpec, RawParams, TaskOptions } from './tasks/definition.js'
import type { ContextAdditions, Middleware } from './tasks/middleware.js'
import type { TasksIn, TypedTask } from './tasks/task-types.js'

/** The methods that add and change the tasks of a worker, also while it runs. */
export interface WorkerTasks<Added extends ContextAdditions> {
  /** The hot cache: the models and the names that were added and not removed. */
  readonly hotCache: readonly string[]
  /** The hot tasks: orchestrators prefer this worker for them. See {@link WorkerOptions.skillDependencies}. */
  readonly hotSkills: readonly string[]

  /**
   * Registers the handler of one task name. A running worker sends the new name to its orchestrators at once.
   *
   * @param name - the name in the orchestrator's blueprints: 1 to 128 characters out of `A-Z a-z 0-9 _ -`
   * @param handler - receives the params and the {@link TaskContext}; sync or async
   * @returns this worker, with the types of the task for a `JobClient`
   * @throws AvtomatikaError `TASK_NAME`, `TASK_TYPE`, `TASK_PROPERTIES`, `TASK_OPTIONS`, `TASK_HANDLER` or `DUPLICATE_TASK` if
   * an argument is not valid
   * @throws StateError if the worker is draining or stopped
   * @example
   * worker.task('greet', ({ name }, { log }) => {
   *   log.info({ name }, 'greeting')
   *   return { greeting: `Hello, ${name}!` }
   * })
   */
  task<R = HandlerReturn, const N extends string = string>(
    name: N,
    handler: CheckedHandler<RawParams, R, false, TaskContext & Added>,
  ): this & TypedTask<N, undefined, R>
  /**
   * Registers the handler of one task name, with options.
   *
   * @param name - the name in the orchestrator's blueprints: 1 to 128 characters out of `A-Z a-z 0-9 _ -`
   * @param options - the type, the schemas and the description of the task, see {@link TaskOptions}
   * @param handler - receives the validated params and the {@link TaskContext}; sync or async
   * @example
   * worker.task('resize', { taskType: 'cpu', params: z.object({ width: z.number() }) }, async ({ width }) => {
   *   return { data: { width } }
   * })
   */
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
   * Registers tasks of {@link defineTask}.
   *
   * @returns this worker, with the types of the tasks for a `JobClient`
   * @throws AvtomatikaError `TASK_SHAPE` if a value was not made by {@link defineTask}; also the errors of {@link task}
   *
   * @example
   * worker.add(resize, crop)
   */
  add<const T extends readonly DefinedTask<Added>[]>(...tasks: T): this & TasksIn<T>

  /**
   * Registers code that runs around the handler of each task. The first registered middleware is the outermost. A task that has
   * already started does not run it. See {@link Middleware} for its return value and its errors.
   *
   * @param middleware - receives the context, the function `next` and the params
   * @returns this worker; the context of its handlers has the members that the middleware adds
   * @throws TypeError if the middleware is not a function
   * @example
   * worker.use<{ db: Db }>(async (ctx, next) => next({ db: await pool.connect() }))
   */
  use<New extends ContextAdditions = NonNullable<unknown>>(
    middleware: Middleware<New, Added>,
  ): WorkerTasks<Added & New>

  /**
   * Stops the start of new tasks. Running tasks continue. A task that still arrives waits for {@link resume}. The worker reports
   * to its orchestrators that it takes no such tasks. It may be called before the start.
   *
   * @param taskType - the type of the tasks. Default: all types
   * @throws AvtomatikaError `UNKNOWN_TASK_TYPE` if no task has this type
   * @example
   * worker.pause('gpu')
   */
  pause(taskType?: string): void

  /**
   * Ends a {@link pause}.
   *
   * @param taskType - the type of the tasks. Default: ends a pause without a type. The pause of a single type continues
   * @throws AvtomatikaError `UNKNOWN_TASK_TYPE` if no task has this type
   */
  resume(taskType?: string): void

  /**
   * Changes the limits. Running tasks continue. After a limit was lowered, a task starts when fewer tasks run than the limit
   * allows.
   *
   * @param limits - the new limits. A limit that is absent stays the same
   * @throws ConfigError with all problems. No limit has changed then
   * @example
   * worker.setLimits({ maxConcurrentTasks: 50, taskTypeLimits: { gpu: 2 } })
   */
  setLimits(limits: LiveLimits): void

  /**
   * Reports to the orchestrators that a model is loaded. They prefer this worker for tasks that need the model.
   *
   * @param model - the name of the model, or of a task that is ready to run
   */
  addToHotCache(model: string): void

  /** Reports to the orchestrators that a model is no longer loaded. */
  removeFromHotCache(model: string): void
}
