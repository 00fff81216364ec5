import { lstat, mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { TaskResult } from '../../protocol/messages.js'
import { isTrustedOwner, UnsafeDirectoryError } from '../../utils/directories/own-directory.js'
import { parseWide } from '../../utils/exact-json.js'
import { isObject, jsonText } from '../../utils/json.js'
import { syncFile, syncFolder } from './write-whole.js'

/** A result that its orchestrator will never take, and the reason. */
export interface DeadLetter {
  readonly version: 1
  /** The orchestrator's URL. */
  readonly from: string
  /** ISO 8601. */
  readonly diedAt: string
  readonly reason: string
  /** The HTTP status of the refusal, if the orchestrator answered. */
  readonly status?: number
  readonly result: TaskResult
}

/** A dead letter and the path of its file. */
export interface FiledLetter {
  readonly path: string
  readonly letter: DeadLetter
}

/** How many dead letters are kept, and their total size. */
export interface LetterBounds {
  readonly letters: number
  readonly bytes: number
}

const FOLDER = 'dead-letters'
const ENDING = '.json'
/** Most file systems allow 255 bytes; the endings `.json` and `.new` have to fit, too. */
const LONGEST_NAME = 200

const deadLettersIn = (folder: string): string => join(folder, FOLDER)

/** Writes a dead letter. When the promise resolves, the file is complete and on disk. */
export const writeLetter = async (folder: string, letter: DeadLetter): Promise<void> => {
  const letters = deadLettersIn(folder)
  await makeFolder(letters)
  const path = join(letters, nameFor(letter.result))
  const handle = await open(`${path}.new`, 'w', 0o600)
  try {
    await handle.writeFile(`${jsonText(letter, 2)}\n`)
    await syncFile(handle)
  } finally {
    await handle.close()
  }
  await rename(`${path}.new`, path)
  await syncFolder(letters)
}

/** Returns a dead letter as one line of JSON. */
export const letterLine = (letter: DeadLetter): string => jsonText(letter)

/** Returns all dead letters of a state folder, the oldest first. Ignores other files. */
export const readLetters = async (folder: string): Promise<FiledLetter[]> => {
  const read = await Promise.all((await pathsIn(folder)).map(readLetter))
  return read
    .filter((filed) => filed !== undefined)
    .sort((one, other) => one.letter.diedAt.localeCompare(other.letter.diedAt))
}

/** Returns how many dead letters a state folder has. */
export const countLetters = async (folder: string): Promise<number> => (await pathsIn(folder)).length

/** Removes the oldest dead letters beyond the bounds, never the newest one. Returns the removed ones. */
export const removeOldest = async (folder: string, bounds: LetterBounds): Promise<DeadLetter[]> => {
  const files = await Promise.all((await pathsIn(folder)).map(sizeOf))
  files.sort((one, other) => other.writtenMs - one.writtenMs)
  const removed: DeadLetter[] = []
  let bytes = 0
  for (const [place, { path, size }] of files.entries()) {
    bytes += size
    const isKept = place === 0 || (place < bounds.letters && bytes <= bounds.bytes)
    const filed = isKept ? undefined : await readLetter(path)
    if (!filed) continue
    await removeLetter(path)
    removed.push(filed.letter)
  }
  return removed
}

/** Moves the dead letters of one state folder to another. */
export const moveLetters = async (from: string, to: string): Promise<void> => {
  const letters = await readLetters(from)
  if (letters.length > 0) await makeFolder(deadLettersIn(to))
  for (const { path } of letters) await rename(path, join(deadLettersIn(to), basename(path)))
  await rmdir(deadLettersIn(from)).catch(() => {})
}

export const removeLetter = (path: string): Promise<void> => rm(path, { force: true })

/** @throws UnsafeDirectoryError if somebody else has created the folder */
const makeFolder = async (letters: string): Promise<void> => {
  await mkdir(letters, { recursive: true, mode: 0o700 })
  if (!isTrustedOwner((await lstat(letters)).uid))
    throw new UnsafeDirectoryError(`${letters} belongs to another user`)
}

const nameFor = ({ taskId }: TaskResult): string =>
  `${encodeURIComponent(taskId).replace(/^\./, '%2E').slice(0, LONGEST_NAME)}${ENDING}`

const pathsIn = async (folder: string): Promise<string[]> => {
  const letters = deadLettersIn(folder)
  const names = await readdir(letters).catch(() => [])
  return names.filter((name) => name.endsWith(ENDING)).map((name) => join(letters, name))
}

/** The size is 0 if somebody has just removed the file. */
const sizeOf = async (path: string) => {
  const { size, mtimeMs: writtenMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }))
  return { path, size, writtenMs }
}

const readLetter = async (path: string): Promise<FiledLetter | undefined> => {
  try {
    const letter = parseWide(await readFile(path, 'utf8'))
    return isLetter(letter) ? { path, letter } : undefined
  } catch {
    return undefined
  }
}

const isLetter = (value: unknown): value is DeadLetter => {
  if (!isObject(value)) return false
  const { version, from, diedAt, result } = value
  return version === 1 && typeof from === 'string' && typeof diedAt === 'string' && isObject(result)
}
