import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { stateHome } from '../config/env.js'
import { resolveSettings } from '../config/resolve.js'
import { WorkerConfig } from '../config/worker-config.js'
import { type FiledLetter, letterLine, readLetters, removeLetter } from '../journal/folder/dead-letters.js'
import { Orchestrator } from '../orchestrators/orchestrator.js'
import { tlsFor } from '../orchestrators/target.js'
import type { OrchestratorSettings, Settings } from '../settings.js'
import { UsageError } from './fail.js'

interface OutboxOptions {
  readonly stateDir?: string
  readonly all?: boolean
  readonly json?: boolean
  readonly to?: string
}

/** Returns the command `avtomatika-worker outbox`. It works on the files, whether the worker runs or not. */
export const outboxCommand = (): Command =>
  new Command('outbox')
    .description('Show, resend or delete dead letters: results that the orchestrator refused permanently.')
    .addCommand(
      sub('list', 'show the dead letters')
        .option('--json', 'print each one completely, as a line of JSON')
        .action(list),
    )
    .addCommand(
      withChoice(sub('replay', 'resend dead letters, and delete those that the orchestrator accepts'))
        .option('--to <url>', 'send to this orchestrator instead of the one that gave the task')
        .action(replay),
    )
    .addCommand(withChoice(sub('drop', 'delete dead letters')).action(drop))

const sub = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option(
      '--state-dir <directory>',
      'state directory of one worker (default: WORKER_STATE_DIR, else those of all workers of this user)',
    )

const withChoice = (command: Command): Command =>
  command.argument('[task-id...]', 'task ids of the dead letters').option('--all', 'all dead letters')

const list = async (options: OutboxOptions): Promise<void> => {
  const letters = await lettersIn(foldersFor(options))
  if (options.json) for (const { letter } of letters) console.log(letterLine(letter))
  else if (letters.length === 0) console.log('There are no dead letters.')
  else for (const each of letters) console.log(lineFor(each))
}

const lineFor = ({ letter }: FiledLetter): string => {
  const { diedAt, from, reason, result } = letter
  return [diedAt, result.taskId, `job ${result.jobId}`, result.workerId, from, reason.split('\n')[0]].join(
    '  ',
  )
}

const replay = async (taskIds: string[], options: OutboxOptions): Promise<void> => {
  const letters = await selected(taskIds, options)
  const { settings } = resolveSettings(new WorkerConfig())
  for (const each of letters) {
    const { from, result } = each.letter
    const url = options.to?.replace(/\/+$/, '') ?? from
    try {
      await send(each, targetFor(url, settings), settings)
      console.log(`Delivered ${result.taskId} to ${url}`)
    } catch (error) {
      console.error(
        `Could not deliver ${result.taskId} to ${url}, dead letter kept: ${(error as Error).message}`,
      )
      process.exitCode = 1
    }
  }
}

/**
 * Sends a result under its worker id, and deletes the dead letter if the orchestrator accepts the result.
 *
 * @throws UnreachableError, ResponseError or ProtocolError if the orchestrator does not accept it; the dead letter stays
 */
const send = async (
  { path, letter: { result } }: FiledLetter,
  target: OrchestratorSettings,
  settings: Settings,
): Promise<void> => {
  const asOwner = { ...settings, workerId: result.workerId }
  const orchestrator = new Orchestrator({ settings: asOwner, target, tls: tlsFor(settings) }, NOBODY)
  try {
    await orchestrator.deliver(result)
    await removeLetter(path)
  } finally {
    await orchestrator.close()
  }
}

/** Nobody has to know how healthy the orchestrator is. */
const NOBODY = { recordFact: () => {} }

const drop = async (taskIds: string[], options: OutboxOptions): Promise<void> => {
  for (const each of await selected(taskIds, options)) {
    await removeLetter(each.path)
    console.log(`Deleted ${each.letter.result.taskId}`)
  }
}

const selected = async (taskIds: readonly string[], options: OutboxOptions): Promise<FiledLetter[]> => {
  if (taskIds.length === 0 && !options.all)
    throw new UsageError('No dead letters selected: name task ids, or use --all.')
  const letters = await lettersIn(foldersFor(options))
  const isSelected = ({ letter }: FiledLetter) => taskIds.includes(letter.result.taskId)
  const missing = taskIds.filter((id) => !letters.some(({ letter }) => letter.result.taskId === id))
  if (missing.length > 0) throw new UsageError(`No dead letter found for ${missing.join(', ')}.`)
  return options.all ? letters : letters.filter(isSelected)
}

const foldersFor = ({ stateDir }: OutboxOptions): readonly string[] => {
  const given = stateDir ?? process.env['WORKER_STATE_DIR']?.trim()
  if (given) return [given]
  const home = stateHome()
  if (home === undefined) throw new UsageError('No home directory found: use --state-dir.')
  const parent = join(home, 'avtomatika-worker')
  return namesIn(parent).map((name) => join(parent, name))
}

const lettersIn = async (folders: readonly string[]): Promise<FiledLetter[]> =>
  (await Promise.all(folders.map(readLetters))).flat()

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Returns a configured orchestrator, because no other may receive a token. */
const targetFor = (url: string, { orchestrators }: Settings): OrchestratorSettings => {
  const target = orchestrators.find((each) => each.url === url)
  if (target) return target
  const known = orchestrators.map((each) => each.url).join(', ')
  throw new UsageError(`this orchestrator is not configured. Choose one of ${known} with --to.`)
}
