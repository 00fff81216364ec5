import { subscribe } from 'node:diagnostics_channel'
import { statSync } from 'node:fs'
import { STARTING } from '../worker.js'
import { fail, NAME, UsageError } from './fail.js'
import { importModule } from './import-module.js'
import { workerOfFolder } from './task-folder.js'
import { workerIn } from './worker-in.js'

/**
 * Runs the worker of a module or of a folder until a signal comes.
 *
 * @param isChild - whether `run --watch` or `dev` has started this process
 */
export const runWorker = async (path: string, isChild = false): Promise<void> => {
  if (isChild) endWithParent()
  await (statSync(path, { throwIfNoEntry: false })?.isDirectory() ? runFolder(path) : runFile(path))
}

/** A parent that was killed cannot stop this process. */
const endWithParent = (): void => {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
}

const runFolder = async (path: string): Promise<void> => {
  const started = watchStart()
  const worker = await workerOfFolder(path, console.error)
  if (started.has)
    throw new UsageError(
      `A file of ${path} starts a worker. Export it: the command starts it with all tasks`,
      { next: again(path) },
    )
  return worker.runWithHealthCheck()
}

const runFile = async (path: string): Promise<void> => {
  const started = watchStart()
  const worker = workerIn(await importModule(path))
  if (started.has) return
  if (worker) return worker.runWithHealthCheck()
  // The module may start a worker later. If the process is about to exit, it has not.
  process.once('beforeExit', () => {
    if (!started.has)
      fail(new UsageError(`No worker found in ${path}. Export one:${REMEDY}`, { next: again(path) }))
  })
}

const again = (path: string): string => `${NAME} run ${path}`

/** Notices whether a module starts its worker itself. */
const watchStart = (): { has: boolean } => {
  const started = { has: false }
  subscribe(STARTING, () => {
    started.has = true
  })
  return started
}

const REMEDY = `
  const worker = new Worker()
  worker.task('hello', …)
  export default worker`
