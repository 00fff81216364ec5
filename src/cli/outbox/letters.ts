import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { stateHome } from '../../config/env.js'
import { resolveSettings } from '../../config/resolve.js'
import { WorkerConfig } from '../../config/worker-config.js'
import {
  type FiledLetter,
  type FoundLetters,
  letterLine,
  readLetters,
  removeLetter,
  type UnreadableLetter,
} from '../../journal/folder/dead-letters.js'
import { Orchestrator } from '../../orchestrators/orchestrator.js'
import { tlsFor } from '../../orchestrators/target.js'
import type { OrchestratorSettings, Settings } from '../../settings.js'
import { EXIT } from '../exit-codes.js'
import { NAME, UsageError } from '../fail.js'

/** The options of `avtomatika-worker outbox`. */
export interface OutboxOptions {
  readonly stateDir?: string
  readonly all?: boolean
  readonly json?: boolean
  readonly to?: string
}

/** Prints the dead letters. */
export const listLetters = async (options: OutboxOptions): Promise<void> => {
  const { letters, unreadable } = await readAll(options)
  if (options.json) for (const { letter } of letters) console.log(letterLine(letter))
  else if (letters.length === 0 && unreadable.length === 0) console.log('There are no dead letters.')
  else for (const each of letters) console.log(lineFor(each))
}

const lineFor = ({ letter }: FiledLetter): string => {
  const { diedAt, from, reason, result } = letter
  return [diedAt, result.taskId, `job ${result.jobId}`, result.workerId, from, reason.split('\n')[0]].join(
    '  ',
  )
}

/** Resends dead letters. With `--json` each is a line `{taskId, to, delivered, error?}`. */
export const replayLetters = async (taskIds: string[], options: OutboxOptions): Promise<void> => {
  const letters = await selected(taskIds, options)
  const { settings } = resolveSettings(new WorkerConfig())
  for (const each of letters) {
    const { from, result } = each.letter
    const url = options.to?.replace(/\/+$/, '') ?? from
    try {
      await send(each, targetFor(url, settings), settings)
      const { taskId } = result
      if (options.json) console.log(JSON.stringify({ taskId, to: url, delivered: true }))
      else console.log(`Delivered ${taskId} to ${url}`)
    } catch (error) {
      notDelivered(result.taskId, url, (error as Error).message, options)
    }
  }
}

const notDelivered = (taskId: string, to: string, message: string, { json }: OutboxOptions): void => {
  if (json) console.log(JSON.stringify({ taskId, to, delivered: false, error: message }))
  else
    console.error(`Could not deliver ${taskId} to ${to}, dead letter kept: ${message}\nNext: ${NAME} doctor`)
  process.exitCode = EXIT.failed
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

/** Deletes dead letters. With `--json` each is a line `{taskId, deleted}`. */
export const dropLetters = async (taskIds: string[], options: OutboxOptions): Promise<void> => {
  for (const each of await selected(taskIds, options)) {
    await removeLetter(each.path)
    const { taskId } = each.letter.result
    console.log(options.json ? JSON.stringify({ taskId, deleted: true }) : `Deleted ${taskId}`)
  }
}

const LIST_NEXT = { next: `${NAME} outbox list` }

const selected = async (
  taskIds: readonly string[],
  options: OutboxOptions,
): Promise<readonly FiledLetter[]> => {
  if (taskIds.length === 0 && !options.all)
    throw new UsageError('No dead letters selected: name task ids, or use --all.', LIST_NEXT)
  const { letters } = await readAll(options)
  const isSelected = ({ letter }: FiledLetter) => taskIds.includes(letter.result.taskId)
  const missing = taskIds.filter((id) => !letters.some(({ letter }) => letter.result.taskId === id))
  if (missing.length > 0) throw new UsageError(`No dead letter found for ${missing.join(', ')}.`, LIST_NEXT)
  return options.all ? letters : letters.filter(isSelected)
}

const foldersFor = ({ stateDir }: OutboxOptions): readonly string[] => {
  if (stateDir !== undefined && !existsSync(stateDir))
    throw new UsageError(`State directory ${stateDir} does not exist.`)
  const given = stateDir ?? process.env['WORKER_STATE_DIR']?.trim()
  if (given) return [given]
  const home = stateHome()
  if (home === undefined) throw new UsageError('No home directory found: use --state-dir.')
  return foldersIn(join(home, 'avtomatika-worker'))
}

/** Says what cannot be read. The command goes on with the other letters, and fails at its end. */
const readAll = async (options: OutboxOptions): Promise<FoundLetters> => {
  const found: FoundLetters[] = []
  // One after the other: there may be more folders than this process may open files.
  for (const folder of foldersFor(options)) found.push(await lettersOrError(folder))
  const unreadable = found.flatMap((each) => each.unreadable)
  for (const each of unreadable) complain(each, options)
  return { letters: found.flatMap(({ letters }) => letters), unreadable }
}

const lettersOrError = (folder: string): Promise<FoundLetters> =>
  readLetters(folder).catch((error: Error) => ({ letters: [], unreadable: [{ path: folder, error }] }))

const complain = ({ path, error: { message } }: UnreadableLetter, { json }: OutboxOptions): void => {
  console.error(json ? JSON.stringify({ path, error: message }) : `Could not read ${path}: ${message}`)
  process.exitCode = EXIT.failed
}

/** Other programs leave files there, such as `.DS_Store`. */
const foldersIn = (parent: string): readonly string[] =>
  existsSync(parent)
    ? readdirSync(parent, { withFileTypes: true })
        .filter((entry) => !entry.isFile())
        .map(({ name }) => join(parent, name))
    : []

/** Returns a configured orchestrator, because no other may receive a token. */
const targetFor = (url: string, { orchestrators }: Settings): OrchestratorSettings => {
  const target = orchestrators.find((each) => each.url === url)
  if (target) return target
  const known = orchestrators.map((each) => each.url).join(', ')
  throw new UsageError(`Its orchestrator is not configured. Choose one of ${known} with --to.`)
}
