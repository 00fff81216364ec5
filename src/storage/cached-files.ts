import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, lstat, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isTrustedOwner, type OwnDirectory } from '../utils/directories/own-directory.js'
import type { Logger } from '../utils/logger.js'
import { monotonicMs, wallMs } from '../utils/time.js'
import { strongEtag } from './etag.js'
import type { ObjectAddress, StoredObject } from './object-store.js'

/** The pause after a failed write to the cache, in ms: a full disk stays full for a while. */
const PAUSE_MS = 60_000
/** A partial entry that is older was left behind by a crash, in ms. */
const LEFT_BEHIND_MS = 86_400_000
/** The file name of an entry: the hash of its address and ETag. Other files in the directory are never touched. */
const ENTRY = /^[\da-f]{64}$/
/** The file name of a partial entry. */
const ARRIVING = '.arriving-'
const READ_ONLY = 0o400
/** The modification time of every entry, in s since 1970. A write to the entry changes it. */
const UNTOUCHED = 1_000_000_000

/** Creates a hard link, or a copy if the target is on another disk. */
const linkOrCopy = (source: string, target: string): Promise<void> =>
  link(source, target).catch(() =>
    // With FICLONE the copy shares its blocks, if the file system supports that.
    copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL),
  )

type Cacheable = StoredObject & { readonly etag: string }

/** The entries of the blob cache on the disk. Several workers may share their directory. */
export class CachedFiles {
  readonly #directory: OwnDirectory
  readonly #maxBytes: number
  readonly #space: string
  readonly #log: Logger
  #pausedUntilMs = 0

  /**
   * @param maxBytes - the largest size of all entries. Those that were not used for the longest time are removed first.
   * @param space - identifies the store, because several stores may share a directory
   */
  constructor(directory: OwnDirectory, maxBytes: number, space: string, log: Logger) {
    this.#directory = directory
    this.#maxBytes = maxBytes
    this.#space = space
    this.#log = log
  }

  /** Whether nothing is written for a while, because a write has failed. */
  get isPaused(): boolean {
    return monotonicMs() < this.#pausedUntilMs
  }

  /** Returns whether the object can be an entry. */
  canHold(stored: StoredObject | undefined): stored is Cacheable {
    return isCacheable(stored) && stored.size <= this.#maxBytes
  }

  /** Returns the file name of the entry for an object. */
  nameOf({ bucket, key }: ObjectAddress, etag: string): string {
    const identity = JSON.stringify([this.#space, bucket, key, etag])
    return createHash('sha256').update(identity).digest('hex')
  }

  /** Puts an intact entry at `path`. @returns false if there is none; then no file is at `path` */
  async take(name: string, size: number, path: string, accept: (bytes: number) => void): Promise<boolean> {
    const entry = this.#entryFor(name)
    const found = entry === undefined ? undefined : await lstat(entry).catch(() => undefined)
    if (!found?.isFile() || entry === undefined || !isTrustedOwner(found.uid)) return false
    accept(size)
    try {
      if (found.size === size && found.mtimeMs === UNTOUCHED * 1_000) {
        await linkOrCopy(entry, path)
        await markUsed(entry)
        return true
      }
      this.#log.warn({ entry }, 'File in the blob cache was modified: the worker downloads it again')
      await rm(entry, { force: true })
    } catch (error) {
      this.#log.warn(
        { err: error, entry },
        'File in the blob cache cannot be used: the worker downloads it again',
      )
      await rm(path, { force: true })
    }
    return false
  }

  /** Adds a downloaded file to the cache. Never rejects, because the task has its file already. */
  async add(from: ObjectAddress, path: string, stored: StoredObject, known: StoredObject): Promise<void> {
    const folder = this.#directory.path
    const { size, etag } = stored
    if (!isCacheable(stored) || this.isPaused) return
    // The next task compares the entry with the size that the store reports before a download.
    if (etag === known.etag && size !== known.size) return
    const arriving = join(folder, ARRIVING + randomUUID())
    try {
      this.#directory.open()
      await this.#makeRoom(size)
      await linkOrCopy(path, arriving)
      await chmod(arriving, READ_ONLY)
      await markUsed(arriving)
      await rename(arriving, join(folder, this.nameOf(from, stored.etag)))
    } catch (error) {
      this.#pausedUntilMs = monotonicMs() + PAUSE_MS
      this.#log.warn(
        { err: error, folder },
        'Blob cache not written: tasks download without it for a minute. Check WORKER_BLOB_CACHE_DIR',
      )
      await rm(arriving, { force: true }).catch(() => {})
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const folder = this.#directory.path
    const entries: { path: string; size: number; usedMs: number }[] = []
    for (const file of await readdir(folder)) {
      const path = join(folder, file)
      // Another worker may have removed the file.
      const found = await stat(path).catch(() => undefined)
      if (!found) continue
      if (ENTRY.test(file)) entries.push({ path, size: found.size, usedMs: found.atimeMs })
      else if (file.startsWith(ARRIVING) && wallMs() - found.atimeMs > LEFT_BEHIND_MS) await rm(path)
    }
    let sum = entries.reduce((total, { size }) => total + size, bytes)
    for (const { path, size } of entries.sort((one, other) => one.usedMs - other.usedMs)) {
      if (sum <= this.#maxBytes) return
      await rm(path, { force: true })
      sum -= size
    }
  }

  /** Returns the path of an entry; `undefined` if the directory cannot be used. Then {@link add} logs the reason. */
  #entryFor(name: string): string | undefined {
    try {
      return join(this.#directory.open().path, name)
    } catch {
      return undefined
    }
  }
}

/** Returns whether the ETag stands for the same bytes only. A weak ETag may stand for several encodings of an object. */
const isCacheable = (stored: StoredObject | undefined): stored is Cacheable =>
  strongEtag(stored?.etag) !== undefined

/** Sets the time of the last use. */
const markUsed = (path: string): Promise<void> => utimes(path, wallMs() / 1_000, UNTOUCHED)
