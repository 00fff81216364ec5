import type { Stats } from 'node:fs'
import { lstat, realpath, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'

/** The longest path segment that file systems accept. */
const LONGEST_SEGMENT_BYTES = 255
/** The longest path that system calls accept. */
export const LONGEST_PATH_BYTES = 4_095

/** Refuses a file name. The name often comes from the params, so the error is one of the input. */
const refuse = (name: unknown, why: string): never => {
  const shown = typeof name === 'string' && name.length > 300 ? `${name.slice(0, 300)}…` : name
  throw new InvalidInputError(`File name ${JSON.stringify(shown) ?? String(shown)} refused: ${why}`)
}

/** Returns whether `path` is `root` or below it. Pure: links are not resolved. */
export const isInside = (root: string, path: string): boolean => {
  const below = relative(root, path)
  return !(below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below))
}

/** Returns the reason why a path segment is invalid; `undefined` if it is valid. */
export const flawOf = (segment: string): string | undefined => {
  if (segment === '..') return 'it leaves the directory with ".."'
  if (segment.includes('\0')) return 'it contains a NUL character'
  if (/\p{Cs}/u.test(segment)) return 'it contains half of a surrogate pair, which UTF-8 cannot express'
  if (segment.includes('\\')) return 'it contains a backslash, which is a separator on some systems'
  if (Buffer.byteLength(segment) > LONGEST_SEGMENT_BYTES) {
    return `one of its parts is longer than ${LONGEST_SEGMENT_BYTES} bytes`
  }
  return undefined
}

/**
 * Splits a file name into segments. `.` and repeated slashes are ignored. Pure.
 *
 * @throws InvalidInputError if the name is invalid or leaves the directory
 */
const segmentsOf = (name: unknown): readonly string[] => {
  if (typeof name !== 'string') return refuse(name, 'it is not a string')
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return refuse(name, 'it is absolute')
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.length === 0) return refuse(name, 'it names no file')
  const flaw = segments.map(flawOf).find((found) => found !== undefined)
  return flaw === undefined ? segments : refuse(name, flaw)
}

/** Returns a name without `.` and repeated slashes. @throws InvalidInputError if it is invalid */
export const relativeName = (name: string): string => segmentsOf(name).join('/')

/**
 * Returns the path of a name below `root`. An absolute path is valid if it is below `root`: params contain such paths.
 *
 * @param realRoot - `root` without links. Programs print such paths
 */
export const pathBelow = (root: string, name: unknown, realRoot = root): string => {
  const own = [root, realRoot].find((each) => typeof name === 'string' && name.startsWith(`${each}${sep}`))
  const path = join(root, ...segmentsOf(own === undefined ? name : (name as string).slice(own.length + 1)))
  const isTooLong = Buffer.byteLength(path) > LONGEST_PATH_BYTES
  return isTooLong ? refuse(name, `its path is longer than ${LONGEST_PATH_BYTES} bytes`) : path
}

/** Names what is neither a file nor a folder; `undefined` for files and folders. Pure. */
export const specialKind = (found: Pick<Stats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>) => {
  if (found.isFile() || found.isDirectory()) return undefined
  if (found.isFIFO()) return 'a FIFO'
  return found.isSocket() ? 'a socket' : 'a device'
}

/**
 * Refuses a FIFO, a socket or a device. To open a FIFO takes until its other end is opened, and blocks a thread until then.
 *
 * @throws InvalidInputError
 */
export const refuseSpecial = async (root: string, path: string): Promise<void> => {
  const found = await stat(path).catch(() => undefined)
  const kind = found && specialKind(found)
  if (kind !== undefined) refuse(relative(root, path), `it is ${kind}, not a file`)
}

/** A path that does not resolve: it is not there, a file is in the way, or links lead in a circle. */
const UNRESOLVED: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])

const isUnresolved = (error: unknown): boolean => UNRESOLVED.has((error as NodeJS.ErrnoException).code)

/**
 * Returns the real path of `path`, or of its nearest parent that exists. Never looks above `root`. Other operations
 * of the task may create and remove entries meanwhile.
 *
 * @throws Error `ENOENT` if `root` is gone
 */
const realAncestor = async (root: string, path: string): Promise<string> => {
  try {
    return await realpath(path)
  } catch (error) {
    if (path === root || !isUnresolved(error)) throw error
  }
  const found = await lstat(path).catch(() => undefined)
  if (!found) return realAncestor(root, dirname(path))
  // What is no link has just been created.
  if (!found.isSymbolicLink()) return realAncestor(root, path)
  // A broken link: a file created through it would be created elsewhere. A link that resolves now has just been created, too.
  return realpath(path).catch((error) => {
    if (!isUnresolved(error)) throw error
    return refuse(relative(root, path), 'it is a broken symbolic link')
  })
}

/** The directory of a task: its path and its path without links. `undefined` until it is created. */
interface Root {
  readonly path: string | undefined
  readonly realPath: string | undefined
}

/**
 * Returns the path of a file that should exist. Does not create the directory.
 *
 * @throws InvalidInputError if the name is invalid or leads out of the directory
 * @throws Error `ENOENT` if the directory was created and is gone
 */
export const existingPath = async ({ path: root, realPath }: Root, name: string): Promise<string> => {
  const path = pathBelow(root ?? '/', name, realPath)
  if (root !== undefined) await refuseLinksOut(root, path)
  return path
}

/**
 * @throws InvalidInputError if a symbolic link in `path` leads out of `root`
 * @throws Error `ENOENT` if `root` does not exist
 */
export const refuseLinksOut = async (root: string, path: string): Promise<void> => {
  const [realRoot, real] = await Promise.all([realpath(root), realAncestor(root, path)])
  if (!isInside(realRoot, real)) refuse(relative(root, path), 'a symbolic link leads out of the directory')
}
