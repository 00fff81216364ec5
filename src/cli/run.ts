import { subscribe } from 'node:diagnostics_channel'
import { Command } from 'commander'
import { STARTING, type Worker } from '../worker.js'
import { fail, UsageError } from './fail.js'
import { importModule } from './import-module.js'

/** `avtomatika-worker run FILE` */
export const runCommand = (): Command =>
  new Command('run')
    .description('Run the worker of a module, with its health server, until SIGINT or SIGTERM.')
    .argument(
      '<file>',
      'a .js, .mjs or .ts file that exports a Worker (default, or named "worker") or starts one',
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
  // It may yet start one; when nothing is left to wait for, it did not.
  process.once('beforeExit', () => {
    if (!hasStarted) fail(new UsageError(`${file} neither exports a Worker nor starts one:${REMEDY}`))
  })
}

const REMEDY = `
  const worker = new Worker()
  worker.task('hello', …)
  export default worker`

const workerIn = (module: Record<string, unknown>): Worker | undefined =>
  [module['default'], module['worker']].find(isWorker)

/** By its face: the module may have another copy of the package than this command. */
const isWorker = (value: unknown): value is Worker =>
  typeof value === 'object' &&
  value !== null &&
  'runWithHealthCheck' in value &&
  typeof value.runWithHealthCheck === 'function'
