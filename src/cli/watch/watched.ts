import { existsSync } from 'node:fs'
import { endProcess, onShutdownSignals } from '../../runtime/shutdown.js'
import { missingFile } from '../import-module.js'
import { paint } from '../paint.js'
import { type Watch, watchCode } from './changes.js'
import { WorkerProcess } from './worker-process.js'

/** A worker process with the watch that restarts it. */
export interface WatchedWorker {
  /** Replaces the process now. */
  restart(): void
  /** Ends the process and the watch. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/**
 * Runs the worker of a file, and restarts it when the code below the current directory changes.
 *
 * @param note - gets a line for each restart
 * @param printed - gets each line that the worker prints. Default: the lines go to standard output
 * @throws UsageError if the file does not exist
 */
export const startWatched = async (
  path: string,
  environment: NodeJS.ProcessEnv,
  note: (line: string) => void,
  printed?: (line: string) => void,
): Promise<WatchedWorker> => {
  if (!existsSync(path)) throw missingFile(path)
  const worker = new WorkerProcess(path, environment, {
    endedAlone: (code) =>
      note(`The worker ended with exit code ${code ?? 'of a signal'}. Save a file to start it again.`),
    replaced: (ms) => note(`The worker runs again; the old one ended in ${Math.round(ms)} ms.`),
    ...(printed && { printed }),
  })
  const watch: Watch = await watchCode('.', (changed) => {
    note(`${changed} has changed.`)
    worker.restart()
  })
  worker.start()
  return {
    restart: () => worker.restart(),
    stop: async (signal) => {
      await Promise.all([watch.close(), worker.stop(signal)])
    },
  }
}

/** Runs `avtomatika-worker run PATH --watch` until a signal comes. */
export const runWatched = async (path: string): Promise<void> => {
  const worker = await startWatched(path, process.env, (line) => console.error(paint('dim', line)))
  onShutdownSignals(
    (signal) => void worker.stop(signal as NodeJS.Signals),
    () => endProcess(1),
  )
}
