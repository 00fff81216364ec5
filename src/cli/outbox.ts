import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { stateHome } from '../config/env.js'
import { resolveSettings } from '../config/resolve.js'
import { WorkerConfig } from '../config/worker-config.js'
import { type FiledLetter, readLetters, removeLetter } from '../journal/folder/dead-letters.js'
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

/** `avtomatika-worker outbox`: works on the files, so that it does not matter whether the worker runs. */
export const outboxCommand = (): Command =>
  new Command('outbox')
    .description('Show, send again or throw away the results that no orchestrator would take.')
    .addCommand(sub('list', 'show the dead letters').option('--json', 'whole, a JSON line each').action(list))
    .addCommand(
      withChoice(sub('replay', 'send them again; those that are taken are removed'))
        .option('--to <url>', 'to this orchestrator instead of the one that gave the task')
        .action(sendAgain),
    )
    .addCommand(withChoice(sub('drop', 'throw them away')).action(throwAway))

const sub = (name: string, about: string): Command =>
  new Command(name)
    .description(about)
    .option(
      '--state-dir <directory>',
      'of one worker; without it WORKER_STATE_DIR, else those of every worker of this user',
    )

const withChoice = (command: Command): Command =>
  command.argument('[task-id...]', 'which ones').option('--all', 'all of them')

const list = async (options: OutboxOptions): Promise<void> => {
  const letters = await lettersIn(foldersFor(options))
  if (options.json) for (const { letter } of letters) console.log(JSON.stringify(letter))
  else if (letters.length === 0) console.log('There are no dead letters.')
  else for (const each of letters) console.log(lineFor(each))
}

const lineFor = ({ letter }: FiledLetter): string => {
  const { diedAt, from, reason, result } = letter
  return [diedAt, result.taskId, `job ${result.jobId}`, result.workerId, from, reason.split('\n')[0]].join(
    '  ',
  )
}

const sendAgain = async (taskIds: string[], options: OutboxOptions): Promise<void> => {
  const letters = await chosen(taskIds, options)
  const { settings } = resolveSettings(new WorkerConfig())
  for (const each of letters) {
    const { from, result } = each.letter
    const url = options.to?.replace(/\/+$/, '') ?? from
    try {
      await send(each, targetFor(url, settings), settings)
      console.log(`${result.taskId} was taken by ${url}`)
    } catch (error) {
      console.error(`${result.taskId} was not taken by ${url} and is kept: ${(error as Error).message}`)
      process.exitCode = 1
    }
  }
}

/**
 * Sends a dead letter again under the worker id of its result, and removes the letter when the orchestrator takes the
 * result.
 *
 * @throws UnreachableError, ResponseError or ProtocolError if the orchestrator does not take the result; the letter stays
 */
const send = async (
  { path, letter: { result } }: FiledLetter,
  target: OrchestratorSettings,
  settings: Settings,
): Promise<void> => {
  const asOwner = { ...settings, workerId: result.workerId }
  const orchestrator = new Orchestrator({ settings: asOwner, target, tls: tlsFor(settings) }, NOBODY)
  try {
    const receipt = await orchestrator.deliver(result)
    if (receipt.kind === 'replaced') throw receipt.error
    await removeLetter(path)
  } finally {
    await orchestrator.close()
  }
}

const NOBODY = { recordFact: () => {} }

const throwAway = async (taskIds: string[], options: OutboxOptions): Promise<void> => {
  for (const each of await chosen(taskIds, options)) {
    await removeLetter(each.path)
    console.log(`${each.letter.result.taskId} is gone`)
  }
}

const chosen = async (taskIds: readonly string[], options: OutboxOptions): Promise<FiledLetter[]> => {
  if (taskIds.length === 0 && !options.all) throw new UsageError('Which ones? Name task ids, or say --all.')
  const letters = await lettersIn(foldersFor(options))
  const isMeant = ({ letter }: FiledLetter) => taskIds.includes(letter.result.taskId)
  const missing = taskIds.filter((id) => !letters.some(({ letter }) => letter.result.taskId === id))
  if (missing.length > 0) throw new UsageError(`There is no dead letter of ${missing.join(', ')}.`)
  return options.all ? letters : letters.filter(isMeant)
}

const foldersFor = ({ stateDir }: OutboxOptions): readonly string[] => {
  const given = stateDir ?? process.env['WORKER_STATE_DIR']?.trim()
  if (given) return [given]
  const home = stateHome()
  if (home === undefined) throw new UsageError('There is no home directory: say --state-dir.')
  const parent = join(home, 'avtomatika-worker')
  return namesIn(parent).map((name) => join(parent, name))
}

/** Reads the dead letters of all folders, whether their workers run or not. */
const lettersIn = async (folders: readonly string[]): Promise<FiledLetter[]> =>
  (await Promise.all(folders.map(readLetters))).flat()

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Only to one that is configured: no other is to see a token. */
const targetFor = (url: string, { orchestrators }: Settings): OrchestratorSettings => {
  const target = orchestrators.find((each) => each.url === url)
  if (target) return target
  const known = orchestrators.map((each) => each.url).join(', ')
  throw new UsageError(
    `it is no orchestrator that is configured here; there is ${known}. Choose one with --to.`,
  )
}
