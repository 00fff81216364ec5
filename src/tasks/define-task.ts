import { AvtomatikaError } from '../errors.js'
import { isObject } from '../utils/json.js'
import type { TaskContext } from './context.js'
import type { Handler, HandlerReturn, ParamsOf, ParamsSpec, TaskOptions } from './definition.js'
import { describeThrown } from './describe-thrown.js'
import type { ContextAdditions } from './middleware.js'
import type { TypedTask } from './task-types.js'

/** Marks tasks of {@link defineTask}. The file of a task may import another copy of the package. */
const MARK = Symbol.for('avtomatika-worker.task')

/** A task in a file of its own: its name, its options and its handler. */
export interface TaskSpec<
  P extends ParamsSpec | undefined = undefined,
  Added extends ContextAdditions = NonNullable<unknown>,
  Name extends string = string,
  Returned extends HandlerReturn = HandlerReturn,
> extends TaskOptions<P> {
  /** The name in the orchestrator's blueprints: 1 to 128 characters out of `A-Z a-z 0-9 _ -`. */
  readonly name: Name
  /** Receives the params and the {@link TaskContext}; sync or async. */
  readonly run: (params: ParamsOf<P>, ctx: TaskContext & Added) => Returned | Promise<Returned>
}

/** A task that {@link defineTask} has made. `Added` are the members of the context that its handler needs. */
export interface DefinedTask<Added extends ContextAdditions = NonNullable<unknown>> {
  /** The name of the task. */
  readonly name: string
  /** The options of the task. */
  readonly options: TaskOptions<ParamsSpec | undefined>
  /** The handler of the task. */
  readonly run: Handler<never, Added>
}

/**
 * Defines a task without a worker, for a file of its own. `worker.add(task)` registers it, and `avtomatika-worker run DIR`
 * registers all tasks that the files of a folder export.
 *
 * @throws AvtomatikaError `TASK_SHAPE` if there is no name or no `run`
 * @example
 * export default defineTask({ name: 'resize', params: z.object({ width: z.number() }), run: ({ width }) => ({ data: { width } }) })
 */
export const defineTask = <
  P extends ParamsSpec | undefined = undefined,
  Added extends ContextAdditions = NonNullable<unknown>,
  const Name extends string = string,
  Returned extends HandlerReturn = HandlerReturn,
>(
  spec: TaskSpec<P, Added, Name, Returned>,
): DefinedTask<Added> & TypedTask<Name, P, Returned> => {
  if (!isObject(spec) || typeof spec.name !== 'string' || typeof spec.run !== 'function') {
    throw new AvtomatikaError('TASK_SHAPE', 'Task not defined: defineTask takes an object with name and run')
  }
  const { name, run, ...options } = spec as unknown as TaskSpec<ParamsSpec | undefined, Added>
  return marked({ name, options, run })
}

const marked = <Added extends ContextAdditions>(task: DefinedTask<Added>): DefinedTask<Added> =>
  Object.freeze({ ...task, [MARK]: true })

/** Returns the same task with options for those that it has not. */
export const withDefaults = <Added extends ContextAdditions>(
  { name, options, run }: DefinedTask<Added>,
  defaults: TaskOptions,
): DefinedTask<Added> => marked({ name, options: { ...defaults, ...options }, run })

/** Whether a value comes from {@link defineTask}. */
export const isDefinedTask = (value: unknown): value is DefinedTask<never> =>
  isObject(value) && (value as { readonly [MARK]?: unknown })[MARK] === true

/** The error of `worker.add` for a value that {@link defineTask} has not made. */
export const notDefined = (value: unknown): AvtomatikaError =>
  new AvtomatikaError(
    'TASK_SHAPE',
    `Task not added: worker.add takes tasks of defineTask, not ${describeThrown(value).slice(0, 200)}`,
  )
