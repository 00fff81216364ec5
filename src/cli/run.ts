import { type Command, Option } from 'commander'
import { define } from './define.js'

/** Returns the command `avtomatika-worker run PATH`. */
export const runCommand = (): Command =>
  define('run', 'Run a worker, with a health server, until SIGINT or SIGTERM.')
    .argument(
      '<path>',
      'a .js, .mjs or .ts file that exports a Worker (as default or as "worker") or starts one, or a folder of files that export tasks',
    )
    .option('--watch', 'restart the worker when a file of the project changes')
    .addOption(new Option('--child').hideHelp())
    .action(async (path, options) => (await import('./run-worker.js')).runWorker(path, options))
