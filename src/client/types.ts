import type { HasTasks, TaskTypes } from '../tasks/task-types.js'
import type { CreateOptions } from './create-request.js'

/** The tasks of a client without types: any name and any params. */
export type AnyTasks = Readonly<
  Record<string, { readonly params: object; readonly result: Record<string, unknown> }>
>

/** The tasks of a worker, of a task of `defineTask`, or any tasks if their types are not known. */
export type TasksOf<Source> =
  Source extends HasTasks<infer Tasks extends Readonly<Record<string, TaskTypes>>>
    ? [keyof Tasks] extends [never]
      ? AnyTasks
      : Tasks
    : AnyTasks

/** The names of the tasks. */
export type TaskName<Source> = keyof TasksOf<Source> & string
/** The params of one task. */
export type TaskParams<Source, Name extends TaskName<Source>> = TasksOf<Source>[Name]['params']
/** The result of one task. */
export type TaskResult<Source, Name extends TaskName<Source>> = TasksOf<Source>[Name]['result']

/** The arguments of {@link JobClient.create} for the tasks of one worker. */
export type CreateArgs<Source> = {
  [Name in TaskName<Source>]: [name: Name, params: TaskParams<Source, Name>, options?: CreateOptions]
}[TaskName<Source>]
