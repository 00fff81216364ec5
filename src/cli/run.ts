import { type Command, Option } from 'commander'
import { define } from './define.js'

/** Returns the command `avtomatika-worker run PATH`. */
export const runCommand = (): Command =>
  define('run', 'Run a worker, with a health server, until SIGINT or SIGTERM.')
    .argument(
      '<path>',
      'file (.js, .mjs, .ts) that exports a Worker as default or "worker", or starts it; or a folder of files that export tasks',
    )
    .option('--watch', 'restart the worker when a file of the project changes')
    .addOption(new Option('--child').hideHelp())
    .action(async (path, { watch, json, child }) => {
      // The processes that --watch starts inherit the variable.
      if (json) process.env['LOG_FORMAT'] ??= 'json'
      if (watch) return (await import('./watch/watched.js')).runWatched(path)
      return (await import('./run-worker.js')).runWorker(path, child)
    })
