import { stat } from 'node:fs/promises'
import { relative } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import type { StoredFile } from '../../protocol/messages.js'
import { parseS3Uri, s3Uri } from '../../storage/s3-uri.js'
import type { TaskSignal } from '../task-signal.js'
import { downloadFolder } from './download.js'
import { downloadOver } from './download-over.js'
import { parseChecksum } from './expected-checksum.js'
import { LocalFiles } from './local-files.js'
import { freeName, placeInputs } from './local-names.js'
import { existingPath, refuseSpecial } from './safe-path.js'
import type { TaskDirectory } from './task-directory.js'
import { requireStorage, type TaskStorage } from './task-storage.js'
import { type TransferObserver, TransferProgress } from './transfer-progress.js'
import { chosenAddress, taskAddress, type UploadPlace, uploadFile, uploadFolder } from './upload.js'

/** A folder in the store. */
export interface StoredFolder {
  /** The address of the folder. It ends with a slash. */
  readonly uri: string
  /** The size of all files together, in bytes. */
  readonly size: number
  /** The uploaded files. */
  readonly files: readonly StoredFile[]
}

/** A file or folder that was downloaded. */
export interface DownloadedFile extends StoredFile {
  /** The full path on this machine. */
  readonly path: string
}

/** The options of {@link TaskFiles.download}. */
export interface FileDownloadOptions {
  /**
   * The expected checksum of a file: an algorithm (`sha256`, `sha1`, `md5`, `crc32`), a colon and the value in hexadecimal
   * digits or base64. Without an algorithm, the number of hexadecimal digits tells which one it is.
   */
  readonly checksum?: string
}

/**
 * The files of one task. Each task has its own directory. The worker removes the directory after the orchestrator has received
 * the result.
 *
 * A name may contain sub-folders (`frames/0001.png`). They are created when necessary. A name that leads out of the directory (`..`,
 * an absolute path, a symbolic link) throws an {@link InvalidInputError}. A task without files has no directory. After the end of
 * the task, every method that creates or writes a file throws a {@link StateError}.
 *
 * Uploads and downloads use the limits, the retries and the signal of the worker's own transfers.
 *
 * @example
 * worker.task('report', async (params, { files }) => {
 *   await files.write('report.txt', 'all is well')
 *   return { data: { report: await files.pathTo('report.txt') } }
 * })
 */
export class TaskFiles extends LocalFiles {
  readonly #directory: TaskDirectory
  readonly #signal: TaskSignal
  readonly #storage: TaskStorage | undefined
  readonly #observer: TransferObserver | undefined
  /** The local names that downloads have chosen, because several may run at the same time. */
  #chosen: Set<string> | undefined
  #downloading: TransferProgress | undefined
  #uploading: TransferProgress | undefined

  /** @internal */
  constructor(
    directory: TaskDirectory,
    signal: TaskSignal,
    storage?: TaskStorage,
    observer?: TransferObserver,
  ) {
    super(directory, signal)
    this.#directory = directory
    this.#signal = signal
    this.#storage = storage
    this.#observer = observer
  }

  /**
   * Reads a JSON file (UTF-8).
   *
   * @param name - a name in the directory
   * @throws InvalidInputError if the content is not JSON
   * @throws Error `ENOENT` if the file does not exist
   * @example
   * const manifest = await files.readJson<{ model: string; sha256: string }>('manifest.json')
   */
  async readJson<T = unknown>(name: string): Promise<T> {
    const text = await this.read(name)
    try {
      return JSON.parse(text.replace(/^\uFEFF/, '')) as T
    } catch (error) {
      throw new InvalidInputError(`File ${JSON.stringify(name)} is not JSON: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }

  /**
   * Writes a value as JSON (UTF-8).
   *
   * @param name - a name in the directory
   * @param value - any value that JSON can represent
   * @param indent - the number of spaces for each level. Default: 2; 0 writes one line
   * @throws TypeError if JSON cannot represent the value
   * @example
   * await files.writeJson('summary.json', { pages: 12 })
   */
  async writeJson(name: string, value: unknown, indent = 2): Promise<void> {
    const text: string | undefined = JSON.stringify(value, null, indent)
    if (text === undefined) throw new TypeError(`${typeof value} cannot be written as JSON to "${name}"`)
    await this.write(name, text)
  }

  /**
   * Uploads a file now, before the handler ends.
   *
   * @param name - a file in the directory
   * @param to - an `s3://` URI, or a name in the task's folder in `S3_DEFAULT_BUCKET`. A slash at the end keeps the name of
   * the file. Default: `name`
   * @returns the URI, the size in bytes and the ETag, if the store has one
   * @throws InvalidInputError if the file does not exist, or if a name or the URI is invalid
   * @throws PermanentError if no store is configured, or if the store refuses the file
   * @throws TransientError if the store cannot be reached
   * @example
   * const { uri } = await files.upload('preview.jpg', 's3://previews/today/')
   */
  async upload(name: string, to?: string): Promise<StoredFile> {
    const { path, place, signal } = await this.#outgoing(name, 'file')
    const { taskId } = this.#directory
    const below = relative(this.root, path)
    const address =
      to === undefined
        ? taskAddress(place.storage, taskId, below)
        : chosenAddress(place.storage, taskId, to, path)
    place.progress.expect()
    return uploadFile(place, path, address, signal)
  }

  /**
   * Uploads all files in a folder now, with its sub-folders. Links that lead out of the directory and links to folders are
   * left out with a warning.
   *
   * @param name - a folder in the directory. Default: the directory itself
   * @param to - an `s3://` URI, or a name in the task's folder in `S3_DEFAULT_BUCKET`. Default: `name`
   * @returns the URI of the folder, the size of all files together in bytes, and the files
   * @throws InvalidInputError if the folder does not exist, or if a name or the URI is invalid
   * @throws PermanentError if no store is configured, if the store refuses a file, or if a file name is not UTF-8
   * @throws TransientError if the store cannot be reached
   * @example
   * const { uri, files: frames } = await files.uploadDir('frames')
   */
  async uploadDir(name?: string, to?: string): Promise<StoredFolder> {
    const { path, place, signal } = await this.#outgoing(name, 'folder')
    const { taskId } = this.#directory
    const { bucket, key } =
      to === undefined
        ? taskAddress(place.storage, taskId, relative(this.root, path))
        : chosenAddress(place.storage, taskId, to.replace(/(?<=[^/])\/$/, ''), path)
    const address = { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` }
    const files = await uploadFolder(place, path, address, signal)
    return { uri: s3Uri(address), size: files.reduce((sum, { size }) => sum + size, 0), files }
  }

  /**
   * Downloads an object, or every object below a prefix that ends with a slash, into the directory.
   *
   * @param uri - an `s3://` URI
   * @param name - the name of the file or folder; a file with this name is replaced. Default: the last part of the URI, with
   * a number if the name is taken
   * @returns the path, the URI, the size in bytes and the ETag, if the store has one
   * @throws InvalidInputError if the object does not exist, or if the URI, the name or the checksum is invalid
   * @throws TaskError `INTEGRITY_MISMATCH_ERROR` if the content does not have the expected checksum
   * @throws PermanentError if no store is configured, or if the directory would become larger than `TASK_FILES_MAX_BYTES`
   * @throws TransientError if the store cannot be reached
   * @example
   * const { path } = await files.download(manifest.model, 'model.bin', { checksum: manifest.sha256 })
   */
  async download(
    uri: string,
    name?: string,
    { checksum }: FileDownloadOptions = {},
  ): Promise<DownloadedFile> {
    const storage = requireStorage(this.#storage, `${uri} cannot be downloaded`)
    const from = parseS3Uri(uri)
    const isFolder = from.key === '' || from.key.endsWith('/')
    if (isFolder && checksum !== undefined)
      throw new InvalidInputError(`${uri} is a folder: it has no checksum`)
    const expected = checksum === undefined ? undefined : parseChecksum(checksum)
    const path = await this.pathTo(name ?? (await this.#freeName(uri)))
    if (!this.#downloading || this.#downloading.isOver) this.#downloading = this.#progress('downloading')
    const place = {
      storage,
      directory: this.#directory,
      progress: this.#downloading,
      log: this.#observer?.log,
    }
    const { signal } = this.#signal
    if (isFolder) return { uri, path, size: await downloadFolder(place, uri, from, path, signal) }
    return { uri, path, ...(await downloadOver(place, from, path, signal, expected)) }
  }

  async #freeName(uri: string): Promise<string> {
    const plain = placeInputs([uri])[0]?.localName ?? ''
    this.#chosen ??= new Set()
    let name = freeName(plain, this.#chosen)
    while (await this.exists(name)) name = freeName(plain, this.#chosen)
    return name
  }

  /** @param name - `undefined` is the directory itself */
  async #outgoing(name: string | undefined, kind: 'file' | 'folder') {
    const shown = name === undefined ? 'The task directory' : JSON.stringify(name)
    const storage = requireStorage(this.#storage, `${shown} cannot be uploaded`)
    const { root } = this
    const path = name === undefined ? root : await existingPath(this.#directory, name)
    await refuseSpecial(root, path)
    const found = await stat(path).catch(() => undefined)
    if (!found) throw new InvalidInputError(`${shown} cannot be uploaded: it does not exist`)
    if (found.isDirectory() !== (kind === 'folder')) {
      const way = kind === 'file' ? 'it is a folder. Use uploadDir()' : 'it is a file. Use upload()'
      throw new InvalidInputError(`${shown} cannot be uploaded: ${way}`)
    }
    if (!this.#uploading || this.#uploading.isOver) this.#uploading = this.#progress('uploading')
    const place: UploadPlace = {
      storage,
      directory: this.#directory,
      progress: this.#uploading,
      log: this.#observer?.log,
    }
    return { path, place, signal: this.#signal.signal }
  }

  #progress(verb: 'downloading' | 'uploading'): TransferProgress {
    return new TransferProgress(verb, this.#storage?.reportsProgress ? this.#observer : undefined)
  }
}
