import type { Stats } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type { WhyNotUploaded } from './files/file-warnings.js'
import { isInside, LONGEST_PATH_BYTES, specialKind } from './files/safe-path.js'
import type { TaskDirectory } from './files/task-directory.js'
import { stringsIn } from './strings.js'

/** A string in the data of a result that is an absolute path. */
export interface NamedPath {
  /** The place in the data, such as `pages[0].image`. */
  readonly place: string
  readonly text: string
  /** Whether it is below `TASK_FILES_DIR`, or has the name of the task directory in it. */
  readonly isLikely: boolean
}

/** A file or folder in the task directory. */
export interface Found {
  readonly path: string
  /** The path below the task directory; empty for the directory itself. */
  readonly below: string
  readonly isFolder: boolean
}

/**
 * Other absolute paths are looked up, too: a link may lead into the directory, and a file may lie in the wrong place. But
 * texts that begin with a slash may be many, so only so many are.
 */
const MOST_UNLIKELY = 20

/** Returns the absolute paths in the data of a result. Pure but for the path of the directory. */
export const pathsIn = (data: object, directory: TaskDirectory): readonly NamedPath[] => {
  const root = directory.path
  const marks = [`${directory.parent}${sep}`, ...(root === undefined ? [] : [`${sep}${basename(root)}`])]
  const named: NamedPath[] = []
  const unlikely = new Set<string>()
  for (const [place, text] of stringsIn(data)) {
    if (!text.startsWith('/')) continue
    const isLikely = marks.some((mark) => text.includes(mark))
    if (!isLikely && unlikely.size < MOST_UNLIKELY && text.length <= LONGEST_PATH_BYTES) unlikely.add(text)
    if (isLikely || unlikely.has(text)) named.push({ place, text, isLikely })
  }
  return named
}

/** Returns whether a path is in the task directory, as it is written: nothing is looked up. */
export const isOwnPath = (text: string, { path, realPath }: TaskDirectory): boolean =>
  [path, realPath].some((root) => root !== undefined && isInside(root, resolve(text)))

/**
 * Returns the file or folder that a path in a result names. Compares real paths: `TASK_FILES_DIR` may lead over links, and
 * programs print paths without them.
 *
 * @returns the reason if nothing can be uploaded; `undefined` for a text that only looks like a path
 */
export const findPath = async (
  { text, isLikely }: NamedPath,
  directory: TaskDirectory,
): Promise<Found | WhyNotUploaded | undefined> => {
  const root = directory.path
  const path = root === undefined ? undefined : await pathInside(root, text)
  const found = await stat(path ?? text).catch(() => undefined)
  const why = await whyNot(text, found, path, isLikely, directory)
  if (why !== undefined || !found || root === undefined || path === undefined) return why
  return { path, below: relative(root, path), isFolder: found.isDirectory() }
}

const whyNot = async (
  text: string,
  found: Stats | undefined,
  path: string | undefined,
  isLikely: boolean,
  { path: root, parent }: TaskDirectory,
): Promise<WhyNotUploaded | undefined> => {
  if (path === undefined || root === undefined) {
    const isHere = isLikely && isInside(await realOf(parent), await realOf(resolve(text)))
    return isHere || found?.isFile() ? 'outside' : undefined
  }
  if (!found) return 'nowhere'
  if (specialKind(found) !== undefined) return 'special'
  return isInside(await realpath(root), await realpath(path)) ? undefined : 'link'
}

/** Returns the path below `root` that a text names; `undefined` if it names none. */
const pathInside = async (root: string, text: string): Promise<string | undefined> => {
  const path = resolve(text)
  if (isInside(root, path)) return path
  const realRoot = await realpath(root).catch(() => undefined)
  if (realRoot === undefined) return undefined
  const real = [join(await realOf(dirname(path)), basename(path)), await realOf(path)]
  const inside = real.find((each) => isInside(realRoot, each))
  return inside === undefined ? undefined : join(root, relative(realRoot, inside))
}

/** Returns the path without links as far as it exists; a path that cannot be looked up as it is. */
const realOf = (path: string): Promise<string> =>
  realpath(path).catch((error: NodeJS.ErrnoException) => {
    const folder = dirname(path)
    if (error.code !== 'ENOENT' || folder === path) return path
    return realOf(folder).then((real) => join(real, basename(path)))
  })
