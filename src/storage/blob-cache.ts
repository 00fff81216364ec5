import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
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
/** Nothing else in the folder is ever touched: its name in the store as a hash, and the checksum of what is in it. */
const ENTRY = /^[\da-f]{64}\.\d+$/
const ARRIVING = '.arriving-'

/** Copies are free where the file system can share blocks. */
const { COPYFILE_FICLONE, COPYFILE_EXCL } = constants

const checksumOf = async (path: string): Promise<number> => {
  let sum = 0
  for await (const chunk of createReadStream(path)) sum = crc32(chunk, sum)
  return sum
}

/**
 * A store whose downloads are kept on this machine, by their address and their ETag. Each task gets a copy of its own,
 * which it may change; the copy is checked against the checksum in the entry's name.
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
    const files = await readdir(folder).catch(() => [])
    const entry = files.find((file) => file.startsWith(name) && ENTRY.test(file))
    if (entry === undefined) return false
    accept(size)
    const source = join(folder, entry)
    try {
      await copyFile(source, path, COPYFILE_FICLONE | COPYFILE_EXCL)
      if ((await checksumOf(path)) === Number(entry.slice(name.length))) {
        const now = wallMs() / 1_000
        await utimes(source, now, now)
        return true
      }
      log.warn({ entry: source }, 'a file in the blob cache is damaged: it is downloaded again')
      await rm(source, { force: true })
    } catch (error) {
      log.warn({ err: error }, 'a file in the blob cache cannot be used: it is downloaded again')
    }
    await rm(path, { force: true })
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
      await copyFile(path, arriving, COPYFILE_FICLONE)
      await rename(arriving, join(folder, this.#nameOf(from, etag) + (await checksumOf(path))))
    } catch (error) {
      this.#restsUntil = monotonicMs() + REST_MS
      log.warn({ err: error, folder }, 'the blob cache takes nothing at present')
      await rm(arriving, { force: true }).catch(() => {})
    }
  }

  async #makeRoom(bytes: number): Promise<void> {
    const { folder, maxBytes } = this.#options
    const entries: { path: string; size: number; mtimeMs: number }[] = []
    for (const file of await readdir(folder)) {
      const path = join(folder, file)
      // Another worker may have removed it.
      const found = await stat(path).catch(() => undefined)
      if (!found) continue
      if (ENTRY.test(file)) entries.push({ path, size: found.size, mtimeMs: found.mtimeMs })
      else if (file.startsWith(ARRIVING) && wallMs() - found.mtimeMs > LEFT_BEHIND_MS) await rm(path)
    }
    let sum = entries.reduce((total, { size }) => total + size, bytes)
    for (const { path, size } of entries.sort((one, other) => one.mtimeMs - other.mtimeMs)) {
      if (sum <= maxBytes) return
      await rm(path, { force: true })
      sum -= size
    }
  }

  /** The beginning of an entry's name; its checksum follows. */
  #nameOf({ bucket, key }: ObjectAddress, etag: string): string {
    const identity = JSON.stringify([this.#options.space, bucket, key, etag])
    return `${createHash('sha256').update(identity).digest('hex')}.`
  }
}
