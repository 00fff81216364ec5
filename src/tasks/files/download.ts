import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InvalidInputError, TransientError } from '../../errors.js'
import type { ObjectAddress, StoredObject } from '../../storage/object-store.js'
import { s3Uri } from '../../storage/s3-uri.js'
import { forEach } from '../../utils/for-each.js'
import type { Logger } from '../../utils/logger.js'
import { segmentsBelow } from './local-names.js'
import { makeFolders } from './make-folders.js'
import { QuotaError, sizeOf } from './quota.js'
import type { TaskDirectory } from './task-directory.js'
import type { TaskStorage } from './task-storage.js'
import type { TransferProgress } from './transfer-progress.js'

/** What all downloads of one task share. */
export interface DownloadPlace {
  readonly storage: TaskStorage
  readonly directory: TaskDirectory
  readonly progress: TransferProgress
  readonly log: Logger | undefined
}

/** Counts the bytes of one object: for the limit of the directory, and for the progress. */
class Arrival {
  readonly #place: DownloadPlace
  readonly #path: string
  #counted = 0
  #announced = 0
  #moved = 0
  #size: number | undefined

  constructor(place: DownloadPlace, path: string) {
    this.#place = place
    this.#path = path
  }

  /**
   * The store announces the bytes of the object, and more bytes if a larger version replaces it.
   *
   * @throws PermanentError if the object does not fit into the directory
   */
  readonly accept = (bytes: number): void => {
    this.#announced += bytes
    this.expect(this.#announced)
  }

  /** The size of the object is known, as far as it is. */
  expect(size: number): void {
    this.#count(size)
    if (this.#size === undefined) this.#place.progress.size(size)
    else this.#place.progress.resize(size - this.#size)
    this.#size = size
  }

  /** The bytes of an object of unknown size are counted as they come. */
  readonly onProgress = (bytes: number): void => {
    if (this.#size === undefined) this.#count(bytes)
    this.#place.progress.move(bytes - this.#moved)
    this.#moved = bytes
  }

  /** A custom store may have called neither function. */
  end(size: number): void {
    this.expect(size)
    this.onProgress(size)
    this.#place.progress.done()
  }

  failed(): void {
    this.#place.progress.failed(this.#size, this.#moved)
  }

  #count(bytes: number): void {
    this.#place.directory.quota?.add(this.#path, bytes - this.#counted)
    this.#counted = bytes
  }
}

const attempt = async (
  place: DownloadPlace,
  from: ObjectAddress,
  path: string,
  signal: AbortSignal,
  size: number | undefined,
): Promise<StoredObject> => {
  const { store, transfers } = place.storage
  const { quota } = place.directory
  const arrival = new Arrival(place, path)
  const { accept, onProgress } = arrival
  quota?.begin(path, true)
  try {
    if (size !== undefined) arrival.expect(size)
    const stored = await transfers.run(
      () => store.download(from, path, { signal, accept, onProgress }),
      signal,
    )
    arrival.end(stored.size)
    return stored
  } catch (error) {
    arrival.failed()
    quota?.set(path, await sizeOf(path))
    throw error
  } finally {
    quota?.end(path)
  }
}

/**
 * Downloads an object into a new file. The folder of the file exists. Before an object is refused, the directory is
 * measured: the handler may have removed files since they were counted.
 *
 * @param size - in bytes, if it is known already
 */
export const downloadFile = async (
  place: DownloadPlace,
  from: ObjectAddress,
  path: string,
  signal: AbortSignal,
  size?: number,
): Promise<StoredObject> => {
  const { quota } = place.directory
  if (size !== undefined) await quota?.checkRoom(size)
  try {
    return await attempt(place, from, path, signal, size)
  } catch (error) {
    if (!(error instanceof QuotaError)) throw error
    await rm(path, { force: true })
    await quota?.measure()
    place.progress.expect()
    return attempt(place, from, path, signal, size)
  }
}

/**
 * Downloads every object below a prefix into a folder, which it creates.
 *
 * @returns the number of bytes
 * @throws InvalidInputError if a key cannot be a file
 */
export const downloadFolder = async (
  place: DownloadPlace,
  uri: string,
  { bucket, key: prefix }: ObjectAddress,
  folder: string,
  signal: AbortSignal,
): Promise<number> => {
  const { store, transfers } = place.storage
  const root = place.directory.make()
  await makeFolders(root, folder)
  let bytes = 0
  await forEach(
    store.list(bucket, prefix, { signal }),
    transfers.max,
    signal,
    async ({ key, size }, either) => {
      const path = join(folder, ...segmentsBelow(uri, prefix, key))
      const isFolder = key.endsWith('/')
      const from = { bucket, key }
      const clashing = (error: unknown) => clash(error, uri, key)
      if (!isFolder) place.progress.expect()
      await makeFolders(root, isFolder ? path : dirname(path)).catch(clashing)
      if (isFolder) {
        if (size > 0) place.log?.warn({ uri: s3Uri(from), size }, FOLDER_WITH_CONTENT)
        return
      }
      const stored = await downloadFile(place, from, path, either, size).catch(gone).catch(clashing)
      bytes += stored.size
    },
  )
  return bytes
}

const FOLDER_WITH_CONTENT =
  'Object not downloaded: its key ends with a slash, so it became a folder. Store its content under another key'

/** An object that was in the list a moment ago is no mistake of the params. */
const gone = (error: unknown): never => {
  if (!(error instanceof InvalidInputError)) throw error
  throw new TransientError(
    `${error.message} (the store has listed it: it was deleted since, or has another name)`,
    { cause: error },
  )
}

const CLASHES = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'])

/** A store can hold both `a` and `a/b`, and keys with long segments. A file system cannot. */
const clash = (error: unknown, uri: string, key: string): never => {
  const { code = '' } = error as NodeJS.ErrnoException
  if (!CLASHES.has(code)) throw error
  const what = `${uri} cannot be downloaded: its object ${JSON.stringify(key)} cannot be a file beside the others (${code})`
  throw new InvalidInputError(what, { cause: error })
}
