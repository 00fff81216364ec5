import { subscribe } from 'node:diagnostics_channel'
import { statSync } from 'node:fs'
import { Command } from 'commander'
import { STARTING } from '../worker.js'
import { fail, UsageError } from './fail.js'
import { importModule } from './import-module.js'
import { workerOfFolder } from './task-folder.js'
import { workerIn } from './worker-in.js'

/** Returns the command `avtomatika-worker run PATH`. */
export const runCommand = (): Command =>
  new Command('run')
    .description('Run a worker, with a health server, until SIGINT or SIGTERM.')
    .argument(
      '<path>',
      'a .js, .mjs or .ts file that exports a Worker (as default or as "worker") or starts one, or a folder of files that export tasks',
    )
    .action(run)

const run = async (path: string): Promise<void> => {
  let hasStarted = false
  subscribe(STARTING, () => {
    hasStarted = true
  })
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    const worker = await workerOfFolder(path, console.error)
    if (hasStarted)
      throw new UsageError(
        `A file of ${path} starts a worker. Export it: the command starts it with all tasks`,
      )
    return worker.runWithHealthCheck()
  }
  const worker = workerIn(await importModule(path))
  if (hasStarted) return
  if (worker) return worker.runWithHealthCheck()
  // The module may start a worker later. If the process is about to exit, it has not.
  process.once('beforeExit', () => {
    if (!hasStarted) fail(new UsageError(`No worker found in ${path}. Export one:${REMEDY}`))
  })
}

const REMEDY = `
  const worker = new Worker()
  worker.task('hello', …)
  export default worker`
