import {
  accessSync,
  type BigIntStats,
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
} from 'node:fs'
import { dirname, isAbsolute, join, parse, resolve, sep } from 'node:path'
import { ConfigError } from '../../errors.js'
import type { Logger } from '../logger.js'
import { type Access, isOpen, strangeOwner, strangerIn, type User } from './stranger.js'

/** Somebody else can change a directory, one of its parents, or a link on the way to it. */
export class UnsafeDirectoryError extends Error {}

export interface OwnDirectoryOptions {
  /** Whether other users may have files of their own in the directory, if it is sticky like `/tmp`. */
  readonly isShared?: boolean
  /** Whether the process runs in a Kubernetes pod. */
  readonly isInPod?: boolean | undefined
}

/** A directory that only this user and root can replace. */
export interface Place {
  /** The absolute path as it was given. It may lead over links of this user or of root. */
  readonly path: string
  /** The path without links. */
  readonly realPath: string
}

/** Device and inode tell a directory from another one that has taken its name. */
export interface Identity {
  readonly path: string
  readonly dev: bigint
  readonly ino: bigint
}
type Known = Place & Identity

/** A directory for the files of this process. Other users can neither replace it nor anything in it. */
export class OwnDirectory {
  readonly #paths: readonly string[]
  readonly #options: OwnDirectoryOptions
  #known: Known | undefined
  #obstacle: Error | undefined

  /** @param paths - the first of these paths that is safe and writable is used */
  constructor(paths: readonly string[], options: OwnDirectoryOptions) {
    this.#paths = paths.map((path) => resolve(path))
    this.#options = options
  }

  /** The path in use; before the first `open`, the first path. */
  get path(): string {
    return this.#known?.path ?? (this.#paths[0] as string)
  }

  /** Why the first path is not in use; `undefined` if it is. */
  get obstacle(): Error | undefined {
    return this.#obstacle
  }

  /**
   * Creates the directory and its missing parents with mode 0700, and checks who can change them. Later calls only compare
   * device and inode. If another directory has taken the name, everything is checked again.
   *
   * @throws UnsafeDirectoryError if somebody else can change the directory
   * @throws Error of the file system
   */
  open(): Place {
    if (!this.#known || !isStill(this.#known)) this.#known = this.#find()
    return this.#known
  }

  #find(): Known {
    this.#obstacle = undefined
    for (const path of this.#paths) {
      try {
        return settle(path, this.#options)
      } catch (error) {
        this.#obstacle ??= error as Error
      }
    }
    throw this.#obstacle
  }
}

export const identityOf = (path: string): Identity => {
  const { dev, ino } = statSync(path, { bigint: true })
  return { path, dev, ino }
}

/** Returns whether the path still leads to the same directory. */
export const isStill = ({ path, dev, ino }: Identity): boolean => {
  try {
    const now = statSync(path, { bigint: true })
    return now.dev === dev && now.ino === ino
  } catch {
    return false
  }
}

/** The user of this process; `undefined` on systems without users, such as Windows. */
const currentUser = (isInPod = false): User | undefined => {
  const uid = process.geteuid?.()
  const gid = process.getegid?.()
  if (uid === undefined || gid === undefined) return undefined
  return { uid, gid, isInPod, rootUid: statSync('/').uid }
}

/** Returns whether a file with this owner belongs to the user of this process or to root. */
export const isTrustedOwner = (uid: number): boolean => {
  const user = currentUser()
  return !user || strangeOwner('', uid, user) === undefined
}

/**
 * Returns why `path` is not a directory that only this user and root can change. Does not look at its parents.
 *
 * @throws Error `ENOENT` if there is no such file
 */
export const strangerAt = (path: string, isInPod = false): string | undefined => {
  const stats = lstatSync(path)
  if (!stats.isDirectory()) return `${path} is not a directory`
  const user = currentUser(isInPod)
  return user && strangerIn(path, stats, user)
}

/** Links that form a cycle have no end. */
const MOST_LINKS = 40

interface Position {
  readonly path: string
  readonly stats: BigIntStats
}

const settle = (path: string, { isShared = false, isInPod = false }: OwnDirectoryOptions): Known => {
  const user = currentUser(isInPod)
  const { path: realPath, stats } = walk(path, user)
  const access = accessOf(stats)
  refuse(user && strangerIn(realPath, access, user))
  if (user && !isShared && isOpen(access, user)) refuse(strangerAmong(realPath, user))
  refuseReadOnly(realPath, access.uid, user)
  return { path, realPath, dev: stats.dev, ino: stats.ino }
}

const refuseReadOnly = (path: string, owner: number, user: User | undefined): void => {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    if (!user || owner === user.uid) throw error
    throw failure('EACCES', `not writable for user ${user.uid}, belongs to user ${owner}`, path)
  }
}

/** Strangers may have placed files that this process would read as its own. */
const strangerAmong = (folder: string, user: User): string | undefined =>
  readdirSync(folder)
    .map((name) => join(folder, name))
    .map((path) => strangeOwner(path, lstatSync(path).uid, user))
    .find((stranger) => stranger !== undefined)

/** Goes down from `/` and follows links. No stranger can replace a part of the path that this function has passed. */
const walk = (path: string, user: User | undefined): Position => {
  const names = namesIn(path)
  let here = positionAt(parse(path).root)
  let links = 0
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = name === '..' ? positionAt(dirname(here.path)) : enter(here, name, user)
    if (!next.stats.isSymbolicLink()) {
      here = next
      continue
    }
    if (++links > MOST_LINKS) throw failure('ELOOP', 'too many symbolic links', next.path)
    const target = readlinkSync(next.path)
    if (isAbsolute(target)) here = positionAt(parse(target).root)
    names.unshift(...namesIn(target))
  }
  return here
}

/** Returns a directory or link in `here`. Creates a directory if the name is free. */
const enter = (here: Position, name: string, user: User | undefined): Position => {
  refuse(user && strangerIn(here.path, accessOf(here.stats), user))
  const next = findOrMake(join(here.path, name))
  if (next.stats.isDirectory()) return next
  refuse(user && strangeOwner(next.path, Number(next.stats.uid), user))
  if (!next.stats.isSymbolicLink()) throw failure('ENOTDIR', 'not a directory', next.path)
  return next
}

const positionAt = (path: string): Position => ({ path, stats: lstatSync(path, { bigint: true }) })

const namesIn = (path: string): string[] =>
  path
    .slice(parse(path).root.length)
    .split(sep)
    .filter((name) => name !== '' && name !== '.')

const findOrMake = (path: string): Position => {
  const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (stats) return { path, stats }
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    // Another process has created it since. The check of its owner decides.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return positionAt(path)
}

const accessOf = ({ uid, gid, mode }: BigIntStats): Access => ({
  uid: Number(uid),
  gid: Number(gid),
  mode: Number(mode),
})

const refuse = (stranger: string | undefined): void => {
  if (stranger !== undefined) throw new UnsafeDirectoryError(stranger)
}

const failure = (code: string, reason: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${reason}, '${path}'`), { code, path })

/** The error of a directory that the configuration names and that somebody else can change. */
export const unsafeDirectory = (
  name: string,
  value: string,
  { message }: UnsafeDirectoryError,
): ConfigError =>
  new ConfigError([{ name, value, expected: `a directory that no other user can change, but ${message}` }])

/**
 * Opens a directory that the configuration names. Logs a warning if it cannot be used at present.
 *
 * @param isDefault - whether nobody has chosen the directory
 * @throws ConfigError if somebody has chosen a directory that others can change
 */
export const openNamed = (
  name: string,
  directory: Pick<OwnDirectory, 'open' | 'path'>,
  log: Logger,
  isDefault = false,
): void => {
  try {
    directory.open()
  } catch (error) {
    const { path } = directory
    if (error instanceof UnsafeDirectoryError && !isDefault) throw unsafeDirectory(name, path, error)
    log.warn(
      { directory: path, err: error },
      `${name} not usable: ${(error as Error).message}. Tasks that need it fail. Choose a directory that this user can write`,
    )
  }
}
