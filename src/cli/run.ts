import { subscribe } from 'node:diagnostics_channel'
import { Command } from 'commander'
import { STARTING, type Worker } from '../worker.js'
import { fail, UsageError } from './fail.js'
import { importModule } from './import-module.js'

/** Returns the command `avtomatika-worker run FILE`. */
export const runCommand = (): Command =>
  new Command('run')
    .description('Run the worker of a module, with a health server, until SIGINT or SIGTERM.')
    .argument(
      '<file>',
      '.js, .mjs or .ts file that exports a Worker (as default or as "worker") or starts one',
    )
    .action(run)

const run = async (file: string): Promise<void> => {
  let hasStarted = false
  subscribe(STARTING, () => {
    hasStarted = true
  })
  const worker = workerIn(await importModule(file))
  if (hasStarted) return
  if (worker) return worker.runWithHealthCheck()
  // The module may start a worker later. If the process is about to exit, it has not.
  process.once('beforeExit', () => {
    if (!hasStarted) fail(new UsageError(`No worker found in ${file}. Export one:${REMEDY}`))
  })
}

const REMEDY = `
  const worker = new Worker()
  worker.task('hello', …)
  export default worker`

const workerIn = (module: Record<string, unknown>): Worker | undefined =>
  [module['default'], module['worker']].find(isWorker)

/** Checks for a method, not for the class: the module may import another copy of the package. */
const isWorker = (value: unknown): value is Worker =>
  typeof value === 'object' &&
  value !== null &&
  'runWithHealthCheck' in value &&
  typeof value.runWithHealthCheck === 'function'
