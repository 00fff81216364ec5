import { subscribe } from 'node:diagnostics_channel'
import { statSync } from 'node:fs'
import { STARTING } from '../worker.js'
import { fail, NAME, UsageError } from './fail.js'
import { importModule } from './import-module.js'
import { workerOfFolder } from './task-folder.js'
import { workerIn } from './worker-in.js'

/** The options of `avtomatika-worker run`. */
export interface RunOptions {
  readonly watch?: boolean
  readonly json?: boolean
  /** Whether `run --watch` or `dev` has started this process. */
  readonly child?: boolean
}

/** Runs the worker of a module or of a folder until a signal comes. */
export const runWorker = async (path: string, options: RunOptions): Promise<void> => {
  if (options.json) process.env['LOG_FORMAT'] ??= 'json'
  if (options.watch) return (await import('./watch/watched.js')).runWatched(path)
  if (options.child) endWithParent()
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
