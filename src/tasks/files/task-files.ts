import fs, { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs'
import { type FileHandle, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TaskSignal } from '../task-signal.js'
import { countedWrites } from './counted-writes.js'
import { makeFolders } from './make-folders.js'
import { createsFile, type FileMode, flagsOf, type OpenMode } from './modes.js'
import type { Quota } from './quota.js'
import { pathBelow, refuseLinksOut } from './safe-path.js'
import type { TaskDirectory } from './task-directory.js'

/** The content of a file: text, bytes, or a stream or iterable of them. */
export type FileContent =
  | string
  | NodeJS.ArrayBufferView
  | Iterable<string | NodeJS.ArrayBufferView>
  | AsyncIterable<string | NodeJS.ArrayBufferView>

/** Only the user of the worker may read the files. Handlers may change the mode. */
const FILE_MODE = 0o600

/**
 * The files of one task. They are in a directory of the task's own, which is removed after the orchestrator has the result.
 *
 * A name may contain sub-folders (`frames/0001.png`). They are created when necessary. A name that leads out of the
 * directory (`..`, an absolute path, a symbolic link) throws an {@link InvalidInputError}. A task without files has no
 * directory. After the end of the task, every method that creates or writes a file throws a {@link StateError}.
 *
 * @example
 * worker.task('report', async (params, { files }) => {
 *   await files.write('report.txt', 'all is well')
 *   return { data: { report: await files.pathTo('report.txt') } }
 * })
 */
export class TaskFiles {
  readonly #directory: TaskDirectory
  readonly #signal: TaskSignal

  /** @internal */
  constructor(directory: TaskDirectory, signal: TaskSignal) {
    this.#directory = directory
    this.#signal = signal
  }

  /** The path of the directory. Reading this property creates the directory. */
  get root(): string {
    return this.#directory.make()
  }

  /**
   * Returns the full path of a file, for programs and libraries that need one. Creates the folder of the file, but not
   * the file.
   *
   * @throws InvalidInputError if the name is invalid or leads out of the directory
   *
   * @example
   * await sharp(params.input).toFile(await files.pathTo('small.png'))
   */
  async pathTo(name: string): Promise<string> {
    const { root } = this
    const path = pathBelow(root, name, this.#directory.realPath)
    await refuseLinksOut(root, path)
    await makeFolders(root, dirname(path))
    return path
  }

  /**
   * Reads a whole file. For large files, see {@link createReadStream}.
   *
   * @param mode - `r` (default) returns the text (UTF-8), `rb` a Buffer
   * @throws Error `ENOENT` if the file does not exist, `AbortError` if the task is aborted
   */
  read(name: string, mode?: 'r'): Promise<string>
  read(name: string, mode: 'rb'): Promise<Buffer>
  async read(name: string, mode: 'r' | 'rb' = 'r'): Promise<string | Buffer> {
    flagsOf(mode, ['r'])
    const path = await this.#existing(name)
    return readFile(path, { encoding: mode === 'r' ? 'utf8' : null, signal: this.#signal.signal })
  }

  /**
   * Writes a file.
   *
   * @param data - text, bytes, or a stream or iterable of them. A stream or iterable is written piece by piece
   * @param mode - `w` (default) replaces the content, `a` appends to it; a `b` changes nothing
   * @throws PermanentError if the directory would become larger than `TASK_FILES_MAX_BYTES`
   * @throws Error `AbortError` if the task is aborted
   */
  async write(name: string, data: FileContent, mode: 'w' | 'wb' | 'a' | 'ab' = 'w'): Promise<void> {
    const flag = flagsOf(mode, ['w', 'a'])
    const path = await this.pathTo(name)
    const quota = await this.#quotaFor(path, flag)
    const options = { flag, mode: FILE_MODE, signal: this.#signal.signal }
    await writeFile(path, quota ? counted(data, quota) : data, options)
  }

  /**
   * Lists the names of the files and folders in the directory, sorted. Empty if the task has no directory yet.
   *
   * @param folder - a folder in the directory. Default: the directory itself
   * @throws Error `ENOENT` if the folder does not exist
   */
  async list(folder?: string): Promise<string[]> {
    const root = this.#directory.path
    const path = folder === undefined ? root : await this.#existing(folder)
    return root === undefined || path === undefined ? [] : (await readdir(path)).sort()
  }

  /** Returns whether a file or folder exists. */
  async exists(name: string): Promise<boolean> {
    const root = this.#directory.path
    const path = pathBelow(root ?? '/', name, this.#directory.realPath)
    if (root === undefined) return false
    await refuseLinksOut(root, path)
    return stat(path).then(
      () => true,
      () => false,
    )
  }

  /**
   * Opens a file. Close the handle by `await using` or `close()`. With a function as third argument, the handle is closed
   * when the function has ended. Written bytes are counted when the handle is closed: closing throws a
   * {@link PermanentError} if the directory is larger than `TASK_FILES_MAX_BYTES`.
   *
   * @param mode - `r` (default), `r+`, `w`, `w+`, `wx`, `a`, `a+`; a `b` changes nothing
   * @param use - receives the handle; its result is returned
   * @example
   * const head = await files.open('movie.mp4', 'r', (file) => file.read(Buffer.alloc(12)))
   */
  open(name: string, mode?: FileMode): Promise<FileHandle>
  open<T>(name: string, mode: FileMode, use: (file: FileHandle) => T | Promise<T>): Promise<T>
  async open<T>(
    name: string,
    mode: FileMode = 'r',
    use?: (file: FileHandle) => T | Promise<T>,
  ): Promise<FileHandle | T> {
    const flags = flagsOf(mode)
    const file = await open(await this.#pathFor(name, flags), flags, FILE_MODE)
    if (flags !== 'r') this.#countAtClose(file)
    if (!use) return file
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  }

  /**
   * Creates a stream that reads a file. It is destroyed if the task is aborted.
   *
   * @param options - `start` and `end`: positions of the first and the last byte. Default: the whole file
   */
  createReadStream(name: string, options: { start?: number; end?: number } = {}): ReadStream {
    return createReadStream(name, {
      ...options,
      signal: this.#signal.signal,
      fs: { ...fs, open: this.#opener(name) },
    })
  }

  /**
   * Creates a stream that writes a file. It is destroyed if the task is aborted, and with a {@link PermanentError} if the
   * directory would become larger than `TASK_FILES_MAX_BYTES`.
   *
   * @param mode - `w` (default) replaces the content, `a` appends to it; a `b` changes nothing
   */
  createWriteStream(name: string, mode: 'w' | 'wb' | 'a' | 'ab' = 'w'): WriteStream {
    const flags = flagsOf(mode, ['w', 'a'])
    let quota: Quota | undefined
    const open = this.#opener(name, async (path) => {
      quota = await this.#quotaFor(path, flags)
    })
    const watched = { ...fs, open, ...countedWrites(() => quota) } as typeof fs
    return createWriteStream(name, { flags, mode: FILE_MODE, signal: this.#signal.signal, fs: watched })
  }

  /** The old content of a file that is overwritten does not count. */
  #quotaFor(path: string, flags: OpenMode): Promise<Quota | undefined> {
    return this.#directory.quota(flags === 'w' ? path : undefined)
  }

  /** Counts at the end, because a handle has too many methods that write. */
  #countAtClose(file: FileHandle): void {
    const { close } = file
    file.close = async () => {
      await close.call(file)
      const quota = await this.#directory.quota()
      quota?.take(0)
    }
  }

  #pathFor(name: string, flags: OpenMode): Promise<string> {
    return createsFile(flags) ? this.pathTo(name) : this.#existing(name)
  }

  /** Returns the path of a file that should exist. Does not create the directory. */
  async #existing(name: string): Promise<string> {
    const root = this.#directory.path
    const path = pathBelow(root ?? '/', name, this.#directory.realPath)
    if (root !== undefined) await refuseLinksOut(root, path)
    return path
  }

  /** Streams are created synchronously and open their file later. The name is checked only then. */
  #opener(name: string, before?: (path: string) => Promise<void>) {
    return (_: unknown, flags: OpenMode, mode: number, opened: Opened): void => {
      const prepare = async () => {
        const path = await this.#pathFor(name, flags)
        await before?.(path)
        return path
      }
      prepare().then((path) => fs.open(path, flags, mode, opened), opened)
    }
  }
}

type Opened = (error: Error | null, fd?: number) => void

/** Yields the content piece by piece. Counts each piece before it is written. */
async function* counted(data: FileContent, quota: Quota): AsyncGenerator<string | NodeJS.ArrayBufferView> {
  const pieces = typeof data === 'string' || ArrayBuffer.isView(data) ? [data] : data
  for await (const piece of pieces) {
    quota.take(typeof piece === 'string' ? Buffer.byteLength(piece) : piece.byteLength)
    yield piece
  }
}
