import { lstat, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'

/** The longest path segment that file systems accept. */
const LONGEST_SEGMENT_BYTES = 255

/** Refuses a file name. The name often comes from the params, so the error is one of the input. */
const refuse = (name: unknown, why: string): never => {
  throw new InvalidInputError(`File name ${JSON.stringify(name) ?? String(name)} refused: ${why}`)
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

/**
 * Returns the path of a name below `root`. An absolute path is valid if it is below `root`: params contain such paths.
 *
 * @param realRoot - `root` without links. Programs print such paths
 */
export const pathBelow = (root: string, name: unknown, realRoot = root): string => {
  const own = [root, realRoot].find((each) => typeof name === 'string' && name.startsWith(`${each}${sep}`))
  return join(root, ...segmentsOf(own === undefined ? name : (name as string).slice(own.length + 1)))
}

/** Returns the real path of `path`, or of its nearest parent that exists. */
const realAncestor = async (path: string): Promise<string> => {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  // The entry exists but does not resolve: a broken link. A file created through it would be created elsewhere.
  const link = await lstat(path).catch(() => undefined)
  return link ? refuse(path, 'it is a broken symbolic link') : realAncestor(dirname(path))
}

/** @throws InvalidInputError if a symbolic link in `path` leads out of `root`, which must exist */
export const refuseLinksOut = async (root: string, path: string): Promise<void> => {
  const [realRoot, real] = await Promise.all([realpath(root), realAncestor(path)])
  if (!isInside(realRoot, real)) refuse(relative(root, path), 'a symbolic link leads out of the directory')
}
