import type { Command } from 'commander'
import { define } from './define.js'

/** Returns the command `avtomatika-worker replay FILE PATH`. */
export const replayCommand = (): Command =>
  define(
    'replay',
    'Run a failed task again on this machine with the handlers of a worker. WORKER_SAVE_FAILED saves such tasks.',
  )
    .argument('<file>', 'file of a failed task, written by WORKER_SAVE_FAILED')
    .argument('<path>', 'the worker: a file that exports it, or a folder of files that export tasks')
    .option(
      '--inspect [port]',
      'wait for a debugger on this local port (default: 9229) before the module is loaded',
    )
    .action(async (file, path, options) =>
      (await import('./replay/run-replay.js')).runReplay(file, path, options),
    )
