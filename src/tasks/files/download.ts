import { dirname, join } from 'node:path'
import { InvalidInputError, TransientError } from '../../errors.js'
import type { ObjectAddress, StoredObject } from '../../storage/object-store.js'
import { s3Uri } from '../../storage/s3-uri.js'
import { forEach } from '../../utils/for-each.js'
import { segmentsBelow } from './local-names.js'
import { makeFolders } from './make-folders.js'
import type { TaskDirectory } from './task-directory.js'
import type { TaskStorage } from './task-storage.js'
import type { TransferProgress } from './transfer-progress.js'

/** What all downloads of one task share. */
export interface DownloadPlace {
  readonly storage: TaskStorage
  readonly directory: TaskDirectory
  readonly progress: TransferProgress
}

/** Counts the bytes of one object: for the limit of the directory, and for the progress. */
class Arrival {
  readonly #place: DownloadPlace
  readonly #path: string
  #counted = 0
  #accepted = 0
  #moved = 0
  #size: number | undefined

  constructor(place: DownloadPlace, path: string) {
    this.#place = place
    this.#path = path
  }

  /** The size is known. @throws PermanentError if the object does not fit into the directory */
  expect(size: number): void {
    this.#count(size)
    if (this.#size !== undefined) return
    this.#place.progress.size(size)
    this.#size = size
  }

  /** The store adds to its announcement if a larger version replaces the object. */
  readonly accept = (bytes: number): void => {
    this.#accepted += bytes
    this.expect(this.#accepted)
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

/** Downloads an object into a new file. The folder of the file exists. @param size - in bytes, if it is known already */
export const downloadFile = async (
  place: DownloadPlace,
  from: ObjectAddress,
  path: string,
  signal: AbortSignal,
  size?: number,
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
    throw error
  } finally {
    quota?.end(path)
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
      const clashing = (error: unknown) => clash(error, uri, key)
      if (!isFolder) place.progress.expect()
      await makeFolders(root, isFolder ? path : dirname(path)).catch(clashing)
      if (isFolder) {
        if (size > 0) place.directory.warnings.folderWithContent(s3Uri({ bucket, key }), size)
        return
      }
      const stored = await downloadFile(place, { bucket, key }, path, either, size)
        .catch(gone)
        .catch(clashing)
      bytes += stored.size
    },
  )
  return bytes
}

/** An object that was in the list a moment ago is no mistake of the params. */
const gone = (error: unknown): never => {
  if (!(error instanceof InvalidInputError)) throw error
  throw new TransientError(`${error.message} (deleted after it was listed)`, { cause: error })
}

const CLASHES = new Set(['EEXIST', 'ENOTDIR', 'EISDIR', 'ENAMETOOLONG'])

/** A store can hold both `a` and `a/b`, and keys with long segments. A file system cannot. */
const clash = (error: unknown, uri: string, key: string): never => {
  const { code = '' } = error as NodeJS.ErrnoException
  if (!CLASHES.has(code)) throw error
  const what = `${uri} cannot be downloaded: its object ${JSON.stringify(key)} cannot be a file beside the others (${code})`
  throw new InvalidInputError(what, { cause: error })
}
