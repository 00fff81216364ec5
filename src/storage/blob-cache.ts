import { within } from '../utils/time.js'
import type { CachedFiles } from './cached-files.js'
import type { DownloadOptions, ObjectAddress, ObjectStore, StoredObject } from './object-store.js'

/** The longest wait for the download of another task, in ms. Then the task checks the cache again. */
const WAIT_MS = 3_600_000

/**
 * A store that caches downloads on this machine, by address and ETag. All tasks share one read-only file. An entry that
 * was modified nevertheless (file modes do not restrict root) is not used again.
 */
export class BlobCache implements ObjectStore {
  readonly list: ObjectStore['list']
  readonly upload: ObjectStore['upload']
  readonly #store: ObjectStore
  readonly #files: CachedFiles
  /** The downloads in progress, by entry name. Their promises never reject. */
  readonly #arriving = new Map<string, Promise<unknown>>()

  constructor(store: ObjectStore, files: CachedFiles) {
    this.#store = store
    this.#files = files
    this.list = store.list.bind(store)
    this.upload = store.upload.bind(store)
  }

  get concern(): string | undefined {
    return this.#store.concern
  }

  async download(from: ObjectAddress, path: string, options: DownloadOptions): Promise<StoredObject> {
    const store = this.#store
    const { signal } = options
    // If something is wrong, the download reports it in more detail.
    const known = await store.stat?.(from, { signal }).catch(() => undefined)
    signal.throwIfAborted()
    if (!this.#files.canHold(known)) return store.download(from, path, options)
    const name = this.#files.nameOf(from, known.etag)
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
      if (await this.#files.take(name, known.size, path, accept)) return known
    } while (this.#arriving.has(name) && !this.#files.isPaused)
    announcedBytes = 0
    const work = store.download(from, path, { ...options, accept })
    const added = work.then((stored) => this.#files.add(from, path, stored, known))
    this.#arriving.set(
      name,
      added.catch(() => {}).finally(() => this.#arriving.delete(name)),
    )
    await added
    return work
  }
}
