import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type DefinedTask, isDefinedTask, withDefaults } from '../tasks/define-task.js'
import { Worker } from '../worker.js'
import { briefly, CommandError, NAME, UsageError } from './fail.js'
import { importModule } from './import-module.js'
import { workerIn } from './worker-in.js'

type Module = Readonly<Record<string, unknown>>

/** Helpers begin with `_` or `.`, and declarations have no code. */
const IS_TASK_FILE = /^(?![_.])(?!.*\.d\.[cm]?ts$).*\.[cm]?[jt]s$/

/** Returns the names of the files in a folder that may have tasks, in the order in which they are loaded. Pure. */
export const taskFilesAmong = (names: readonly string[]): readonly string[] =>
  names.filter((name) => IS_TASK_FILE.test(name)).sort()

/**
 * Returns a worker with the tasks of a folder: those that its files export, and those that their `setup` functions add.
 *
 * @param warn - gets a line for each file that has nothing
 * @throws UsageError if the folder has no tasks, or if a file cannot be loaded
 */
export const workerOfFolder = async (folder: string, warn: (line: string) => void): Promise<Worker> => {
  const names = taskFilesAmong(await readdir(folder))
  const modules: [string, Module][] = []
  for (const name of names) modules.push([name, await load(join(folder, name))])
  const worker = theWorkerAmong(folder, modules)
  let hasAny = false
  for (const [name, module] of modules) {
    const hasSome = await addTo(worker, name, module)
    hasAny ||= hasSome
    if (!hasSome && !workerIn(module))
      warn(`${join(folder, name)} exports no task, no setup(worker) and no worker. Helpers begin with "_"`)
  }
  if (hasAny || modules.some(([, module]) => workerIn(module))) return worker
  throw new UsageError(`No task found in ${folder}. Export one from a file:${REMEDY}`)
}

const REMEDY = `
  export default defineTask({ name: 'hello', run: () => … })`

const load = async (path: string): Promise<Module> => {
  try {
    return await importModule(path)
  } catch (error) {
    if (error instanceof CommandError) throw error
    const next = `${NAME} run ${path} --debug`
    throw new CommandError('failed', `Cannot load ${path}: ${briefly(error)}`, { cause: error, next })
  }
}

const theWorkerAmong = (folder: string, modules: readonly (readonly [string, Module])[]): Worker => {
  const owners = modules.filter(([, module]) => workerIn(module))
  if (owners.length > 1) {
    const files = owners.map(([name]) => name).join(', ')
    throw new UsageError(`Several files of ${folder} export a worker: ${files}. Keep one`)
  }
  const [owner] = owners
  return (owner && workerIn(owner[1])) ?? new Worker()
}

/** @returns whether the file had anything */
const addTo = async (worker: Worker, name: string, module: Module): Promise<boolean> => {
  const { setup } = module
  const tasks = [...new Set(Object.values(module))].filter(isDefinedTask)
  try {
    for (const task of tasks) worker.add(withDefaults(task, defaultsIn(module)) as DefinedTask)
    if (typeof setup === 'function') await setup(worker)
  } catch (error) {
    throw new UsageError(`Cannot add the tasks of ${name}: ${(error as Error).message}`)
  }
  return tasks.length > 0 || typeof setup === 'function'
}

/** The version and the description of a file count for its tasks that have none. */
const defaultsIn = ({ version, description }: Module) => ({
  ...(typeof version === 'string' && { version }),
  ...(typeof description === 'string' && { description }),
})
