import { lstat, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'

/** What file systems take for one segment. */
const LONGEST_SEGMENT_BYTES = 255

/** A name that would leave the task's directory, or that is none. It often comes from the params. */
const refuse = (name: unknown, why: string): never => {
  throw new InvalidInputError(`The file name ${JSON.stringify(name) ?? String(name)} cannot be used: ${why}`)
}

/** Whether `path` is `root` or below it. Pure: links are not looked at. */
export const isInside = (root: string, path: string): boolean => {
  const way = relative(root, path)
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way))
}

/** Why a segment of a path cannot be one; `undefined` when it can. */
export const flawOf = (segment: string): string | undefined => {
  if (segment === '..') return 'it climbs out with ".."'
  if (segment.includes('\0')) return 'it has a NUL character'
  if (segment.includes('\\')) return 'it has a backslash, which some systems take for a separator'
  if (Buffer.byteLength(segment) > LONGEST_SEGMENT_BYTES) {
    return `a part of it is longer than ${LONGEST_SEGMENT_BYTES} bytes`
  }
  return undefined
}

/**
 * The segments of a name a handler uses; `.` and doubled slashes mean nothing. Pure.
 *
 * @throws InvalidInputError when the name leaves the directory by its spelling
 */
const segmentsOf = (name: unknown): readonly string[] => {
  if (typeof name !== 'string') return refuse(name, 'it is no text')
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return refuse(name, 'it is absolute')
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.')
  if (segments.length === 0) return refuse(name, 'it names no file')
  const flaw = segments.map(flawOf).find((found) => found !== undefined)
  return flaw === undefined ? segments : refuse(name, flaw)
}

/** The path of a name below `root`. An absolute path counts where it lies in there: params carry such paths. */
export const pathBelow = (root: string, name: unknown): string => {
  const ownPath = typeof name === 'string' && name.startsWith(`${root}${sep}`)
  return join(root, ...segmentsOf(ownPath ? name.slice(root.length + 1) : name))
}

/** The real path of the nearest thing on the way to `path` that is there. */
const realAncestor = async (path: string): Promise<string> => {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  // What is there and leads nowhere is a broken link: a file made through it would be made elsewhere.
  const link = await lstat(path).catch(() => undefined)
  return link ? refuse(path, 'it is a broken symbolic link') : realAncestor(dirname(path))
}

/** @throws InvalidInputError when a symbolic link on the way leads out of `root`, which is there */
export const refuseLinksOut = async (root: string, path: string): Promise<void> => {
  const [realRoot, real] = await Promise.all([realpath(root), realAncestor(path)])
  if (!isInside(realRoot, real)) refuse(relative(root, path), 'a symbolic link leads out of the directory')
}
