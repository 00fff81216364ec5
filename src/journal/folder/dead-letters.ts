import { createHash } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { TaskResult } from '../../protocol/messages.js'
import { isTrustedOwner, UnsafeDirectoryError } from '../../utils/directories/own-directory.js'
import { parseWide } from '../../utils/exact-json.js'
import { ifMissing } from '../../utils/if-missing.js'
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

/** A file that may be a dead letter, and the reason why it cannot be read. */
export interface UnreadableLetter {
  readonly path: string
  readonly error: Error
}

/** The dead letters of a state folder. */
export interface FoundLetters {
  /** The oldest first. */
  readonly letters: readonly FiledLetter[]
  readonly unreadable: readonly UnreadableLetter[]
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

/**
 * Reads all dead letters of a state folder. Ignores other files.
 *
 * @throws Error of the file system if the folder cannot be read
 */
export const readLetters = async (folder: string): Promise<FoundLetters> => {
  const letters: FiledLetter[] = []
  const unreadable: UnreadableLetter[] = []
  // One after the other: all at once would need more open files than some systems allow.
  for (const path of await pathsIn(folder)) {
    try {
      const filed = await readLetter(path)
      if (filed) letters.push(filed)
    } catch (error) {
      unreadable.push({ path, error: error as Error })
    }
  }
  letters.sort((one, other) => one.letter.diedAt.localeCompare(other.letter.diedAt))
  return { letters, unreadable }
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
    // A letter that nobody can read may still be repaired.
    const filed = isKept ? undefined : await readLetter(path).catch(() => undefined)
    if (!filed) continue
    await removeLetter(path)
    removed.push(filed.letter)
  }
  return removed
}

/** Moves the dead letters of one state folder to another. */
export const moveLetters = async (from: string, to: string): Promise<void> => {
  const paths = await pathsIn(from)
  if (paths.length > 0) await makeFolder(deadLettersIn(to))
  for (const path of paths) await rename(path, join(deadLettersIn(to), basename(path)))
  await rmdir(deadLettersIn(from)).catch(() => {})
}

export const removeLetter = (path: string): Promise<void> => rm(path, { force: true })

/** @throws UnsafeDirectoryError if somebody else has created the folder */
const makeFolder = async (letters: string): Promise<void> => {
  await mkdir(letters, { recursive: true, mode: 0o700 })
  if (!isTrustedOwner((await lstat(letters)).uid))
    throw new UnsafeDirectoryError(`${letters} belongs to another user`)
}

/** Ids that are long or no valid Unicode get a hash: two letters need two names. */
const nameFor = ({ taskId }: TaskResult): string => {
  const text = Buffer.from(taskId).toString()
  const name = encodeURIComponent(text).replace(/^\./, '%2E')
  if (text === taskId && name.length <= LONGEST_NAME) return `${name}${ENDING}`
  const hash = createHash('sha256').update(taskId, 'utf16le').digest('hex')
  return `${name.slice(0, LONGEST_NAME - hash.length - 1)}-${hash}${ENDING}`
}

const pathsIn = async (folder: string): Promise<string[]> => {
  const letters = deadLettersIn(folder)
  const names = await readdir(letters).catch(ifMissing([]))
  return names.filter((name) => name.endsWith(ENDING)).map((name) => join(letters, name))
}

/** The size is 0 if somebody has just removed the file. */
const sizeOf = async (path: string) => {
  const { size, mtimeMs: writtenMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }))
  return { path, size, writtenMs }
}

/** @returns `undefined` for a file that is no letter, or that somebody has just removed */
const readLetter = async (path: string): Promise<FiledLetter | undefined> => {
  const text = await readFile(path, 'utf8').catch(ifMissing(undefined))
  const letter = text === undefined ? undefined : parseWide(text)
  return isLetter(letter) ? { path, letter } : undefined
}

const isLetter = (value: unknown): value is DeadLetter => {
  if (!isObject(value)) return false
  const { version, from, diedAt, result } = value
  return version === 1 && typeof from === 'string' && typeof diedAt === 'string' && isObject(result)
}
