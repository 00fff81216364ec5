import { Command } from 'commander'
import { define } from './define.js'

/** Returns the command `avtomatika-worker outbox`. It works on the files, whether the worker runs or not. */
export const outboxCommand = (): Command =>
  new Command('outbox')
    .description('Show, resend or delete dead letters: results that the orchestrator refused permanently.')
    .addCommand(
      sub('list', 'List the dead letters. --json prints them completely.').action(async (options) =>
        (await import('./outbox/letters.js')).listLetters(options),
      ),
    )
    .addCommand(
      withChoice(sub('replay', 'Send dead letters again, and delete those that the orchestrator accepts.'))
        .option('--to <url>', 'URL of another orchestrator (default: the orchestrator that gave the task)')
        .action(async (ids, options) => (await import('./outbox/letters.js')).replayLetters(ids, options)),
    )
    .addCommand(
      withChoice(sub('drop', 'Delete dead letters.')).action(async (ids, options) =>
        (await import('./outbox/letters.js')).dropLetters(ids, options),
      ),
    )

const sub = (name: string, description: string): Command =>
  define(name, description).option(
    '--state-dir <directory>',
    'state directory of one worker (default: WORKER_STATE_DIR, else those of all workers of this user)',
  )

const withChoice = (command: Command): Command =>
  command.argument('[task-id...]', 'task ids of the dead letters').option('--all', 'all dead letters')
