import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, lstat, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { isTrustedOwner, OwnDirectory } from '../utils/directories/own-directory.js'
import type { Logger } from '../utils/logger.js'
import { monotonicMs, wallMs, within } from '../utils/time.js'
import { strongEtag } from './etag.js'
import type { DownloadOptions, ObjectAddress, ObjectStore, StoredObject } from './object-store.js'

export interface BlobCacheOptions {
  readonly store: ObjectStore
  /** The cache directory. Several workers may share it. */
  readonly folder: string
  /** The largest size of the cache, in bytes. Objects that were not used for the longest time are removed first. */
  readonly maxBytes: number
  /** Identifies the store, because several stores may share a cache directory. */
  readonly space: string
  /** Whether the process runs in a Kubernetes pod. */
  readonly isInPod?: boolean | undefined
  readonly log: Logger
}

/** The longest wait for the download of another task, in ms. Then the task checks the cache again. */
const WAIT_MS = 3_600_000
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

/**
 * A store that caches downloads on this machine, by address and ETag. All tasks share one read-only file. An entry that
 * was modified nevertheless (file modes do not restrict root) is not used again.
 */
export class BlobCache implements ObjectStore {
  readonly list: ObjectStore['list']
  readonly upload: ObjectStore['upload']
  readonly #options: BlobCacheOptions
  readonly #directory: OwnDirectory
  /** The downloads in progress, by entry name. Their promises never reject. */
  readonly #arriving = new Map<string, Promise<unknown>>()
  #pausedUntilMs = 0

  constructor(options: BlobCacheOptions) {
    const { store } = options
    this.#options = options
    this.#directory = new OwnDirectory([options.folder], { isInPod: options.isInPod })
    this.list = store.list.bind(store)
    this.upload = store.upload.bind(store)
  }

  get concern(): string | undefined {
    return this.#options.store.concern
  }

  async download(from: ObjectAddress, path: string, options: DownloadOptions): Promise<StoredObject> {
    const { store, maxBytes } = this.#options
    const { signal } = options
    // If something is wrong, the download reports it in more detail.
    const known = await store.stat?.(from, { signal }).catch(() => undefined)
    signal.throwIfAborted()
    if (!isCacheable(known) || known.size > maxBytes) return store.download(from, path, options)
    const name = this.#nameOf(from, known.etag)
    let acceptedBytes = 0
    let announcedBytes = 0
    // The store announces the bytes of an entry again if the entry cannot be used.
    const accept = (bytes: number) => {
      announcedBytes += bytes
      if (announcedBytes > acceptedBytes) options.accept?.(announcedBytes - acceptedBytes)
      acceptedBytes = Math.max(acceptedBytes, announcedBytes)
    }
    do {
      const arriving = this.#arriving.get(name)
      if (arriving) await within(WAIT_MS, arriving, signal)
      signal.throwIfAborted()
      announcedBytes = 0
      if (await this.#take(name, known.size, path, accept)) return known
    } while (this.#arriving.has(name) && monotonicMs() >= this.#pausedUntilMs)
    announcedBytes = 0
    const work = store.download(from, path, { ...options, accept })
    const added = work.then((stored) => this.#add(from, path, stored, known))
    this.#arriving.set(
      name,
      added.catch(() => {}).finally(() => this.#arriving.delete(name)),
    )
    await added
    return work
  }

  /** Puts an intact entry at `path`. @returns false if there is none; then no file is at `path` */
  async #take(name: string, size: number, path: string, accept: (bytes: number) => void): Promise<boolean> {
    const { log } = this.#options
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
      log.warn({ entry }, 'modified file in the blob cache: downloading it again')
      await rm(entry, { force: true })
    } catch (error) {
      log.warn({ err: error, entry }, 'unusable file in the blob cache: downloading it again')
      await rm(path, { force: true })
    }
    return false
  }

  /** Adds a downloaded file to the cache. Never rejects, because the task has its file already. */
  async #add(from: ObjectAddress, path: string, stored: StoredObject, known: StoredObject): Promise<void> {
    const { log } = this.#options
    const folder = this.#directory.path
    const { size, etag } = stored
    if (!isCacheable(stored) || monotonicMs() < this.#pausedUntilMs) return
    // The next task compares the entry with the size that the store reports before a download.
    if (etag === known.etag && size !== known.size) return
    const arriving = join(folder, ARRIVING + randomUUID())
    try {
      this.#directory.open()
      await this.#makeRoom(size)
      await linkOrCopy(path, arriving)
      await chmod(arriving, READ_ONLY)
      await markUsed(arriving)
      await rename(arriving, join(folder, this.#nameOf(from, stored.etag)))
    } catch (error) {
      this.#pausedUntilMs = monotonicMs() + PAUSE_MS
      log.warn({ err: error, folder }, 'blob cache cannot be written; tasks download without it for a minute')
      await rm(arriving, { force: true }).catch(() => {})
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { maxBytes } = this.#options
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
      if (sum <= maxBytes) return
      await rm(path, { force: true })
      sum -= size
    }
  }

  /** Returns the path of an entry; `undefined` if the directory cannot be used. Then {@link #add} logs the reason. */
  #entryFor(name: string): string | undefined {
    try {
      return join(this.#directory.open().path, name)
    } catch {
      return undefined
    }
  }

  #nameOf({ bucket, key }: ObjectAddress, etag: string): string {
    const identity = JSON.stringify([this.#options.space, bucket, key, etag])
    return createHash('sha256').update(identity).digest('hex')
  }
}

/** Returns whether the ETag stands for the same bytes only. A weak ETag may stand for several encodings of an object. */
const isCacheable = (stored: StoredObject | undefined): stored is StoredObject & { readonly etag: string } =>
  strongEtag(stored?.etag) !== undefined

/** Sets the time of the last use. */
const markUsed = (path: string): Promise<void> => utimes(path, wallMs() / 1_000, UNTOUCHED)
