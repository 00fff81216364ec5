import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../utils/logger.js'
import { monotonicMs, wallMs, within } from '../utils/time.js'
import type { DownloadOptions, ObjectAddress, ObjectStore, StoredObject } from './object-store.js'

export interface BlobCacheOptions {
  readonly store: ObjectStore
  /** Shared with other workers. */
  readonly folder: string
  /** How much may lie in it; what was not used for the longest time goes first. */
  readonly maxBytes: number
  /** Tells stores apart that share a folder. */
  readonly space: string
  readonly log: Logger
}

/** The longest that a task waits for another one's download, in ms; then it looks again. */
const WAIT_MS = 3_600_000
/** How long nothing is kept after a failure, in ms: a disk that is full stays so for a while. */
const REST_MS = 60_000
/** A file on its way into the cache that is older was left behind by a crash, in ms. */
const LEFT_BEHIND_MS = 86_400_000
/** Nothing else in the folder is ever touched: its name in the store as a hash. */
const ENTRY = /^[\da-f]{64}$/
const ARRIVING = '.arriving-'
const READ_ONLY = 0o444
/** When every entry was written, as it says, in s since 1970: whoever writes to one moves that. */
const UNTOUCHED = 1_000_000_000

/** The same file under another name, or on another disk a copy of it. */
const share = (source: string, target: string): Promise<void> =>
  link(source, target).catch(() =>
    // Free where the file system can share blocks.
    copyFile(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL),
  )

/**
 * A store whose downloads are kept on this machine, by their address and their ETag. All tasks share one file, which is
 * read-only; one that was written to all the same (the modes of a file mean nothing to root) is not used again.
 */
export class BlobCache implements ObjectStore {
  readonly list: ObjectStore['list']
  readonly upload: ObjectStore['upload']
  readonly #options: BlobCacheOptions
  /** What is on its way into the cache. */
  readonly #arriving = new Map<string, Promise<unknown>>()
  #restsUntil = 0

  constructor(options: BlobCacheOptions) {
    const { store } = options
    this.#options = options
    this.list = store.list.bind(store)
    this.upload = store.upload.bind(store)
  }

  async download(from: ObjectAddress, path: string, options: DownloadOptions): Promise<StoredObject> {
    const { store, maxBytes } = this.#options
    const { signal } = options
    // Whatever is wrong, the download says it better.
    const known = await store.stat?.(from, { signal }).catch(() => undefined)
    signal.throwIfAborted()
    if (known?.etag === undefined || known.size > maxBytes) return store.download(from, path, options)
    const name = this.#nameOf(from, known.etag)
    let isAccepted = false
    const accept = (bytes: number) => {
      if (!isAccepted) options.accept?.(bytes)
      isAccepted = true
    }
    do {
      const arriving = this.#arriving.get(name)
      if (arriving) await within(WAIT_MS, arriving, signal)
      signal.throwIfAborted()
      if (await this.#take(name, known.size, path, accept)) return known
    } while (this.#arriving.has(name) && monotonicMs() >= this.#restsUntil)
    const work = store.download(from, path, { signal, accept })
    const kept = work.then((stored) => this.#keep(from, path, stored))
    this.#arriving.set(
      name,
      kept.catch(() => {}).finally(() => this.#arriving.delete(name)),
    )
    await kept
    return work
  }

  /** @returns whether it was there and is as it was kept; nothing lies at `path` otherwise */
  async #take(name: string, size: number, path: string, accept: (bytes: number) => void): Promise<boolean> {
    const { folder, log } = this.#options
    const entry = join(folder, name)
    const found = await stat(entry).catch(() => undefined)
    if (!found) return false
    accept(size)
    try {
      if (found.size === size && found.mtimeMs === UNTOUCHED * 1_000) {
        await share(entry, path)
        await markUsed(entry)
        return true
      }
      log.warn({ entry }, 'a file in the blob cache was written to: it is downloaded again')
      await rm(entry, { force: true })
    } catch (error) {
      log.warn({ err: error }, 'a file in the blob cache cannot be used: it is downloaded again')
      await rm(path, { force: true })
    }
    return false
  }

  /** Never rejects: the task has its file already. */
  async #keep(from: ObjectAddress, path: string, { size, etag }: StoredObject): Promise<void> {
    const { folder, log } = this.#options
    if (etag === undefined || monotonicMs() < this.#restsUntil) return
    const arriving = join(folder, ARRIVING + randomUUID())
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await this.#makeRoom(size)
      await share(path, arriving)
      await chmod(arriving, READ_ONLY)
      await markUsed(arriving)
      await rename(arriving, join(folder, this.#nameOf(from, etag)))
    } catch (error) {
      this.#restsUntil = monotonicMs() + REST_MS
      log.warn({ err: error, folder }, 'the blob cache takes nothing at present')
      await rm(arriving, { force: true }).catch(() => {})
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { folder, maxBytes } = this.#options
    const entries: { path: string; size: number; usedMs: number }[] = []
    for (const file of await readdir(folder)) {
      const path = join(folder, file)
      // Another worker may have removed it.
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

  #nameOf({ bucket, key }: ObjectAddress, etag: string): string {
    const identity = JSON.stringify([this.#options.space, bucket, key, etag])
    return createHash('sha256').update(identity).digest('hex')
  }
}

/** Whether others use it in the meantime makes no difference. */
const markUsed = (path: string): Promise<void> => utimes(path, wallMs() / 1_000, UNTOUCHED)
