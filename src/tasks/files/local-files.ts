import fs, { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs'
import { type FileHandle, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ifMissing } from '../../utils/if-missing.js'
import type { TaskSignal } from '../task-signal.js'
import {
  type CountedFile,
  countAtClose,
  countedWrites,
  type FileContent,
  writeCounted,
} from './counted-writes.js'
import { makeFolders } from './make-folders.js'
import { createsFile, type FileMode, flagsOf, type OpenMode } from './modes.js'
import { existingPath, pathBelow, refuseLinksOut, refuseSpecial } from './safe-path.js'
import type { TaskDirectory } from './task-directory.js'

/** Only the user of the worker may read the files. Handlers may change the mode. */
const FILE_MODE = 0o600

/** The files of one task on this machine. */
export class LocalFiles {
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
   * @param name - a name in the directory
   * @throws InvalidInputError if the name is not valid or leads out of the directory
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
   * Reads a whole file. For large files, use {@link createReadStream}.
   *
   * @param name - a name in the directory
   * @param mode - `r` (default) returns the text (UTF-8), `rb` a Buffer
   * @throws Error `ENOENT` if the file does not exist, `AbortError` if the task is aborted
   * @example
   * const text = await files.read('notes.txt')
   */
  read(name: string, mode?: 'r'): Promise<string>
  /**
   * Reads a whole file as bytes.
   *
   * @example
   * const bytes = await files.read('photo.jpg', 'rb')
   */
  read(name: string, mode: 'rb'): Promise<Buffer>
  async read(name: string, mode: 'r' | 'rb' = 'r'): Promise<string | Buffer> {
    flagsOf(mode, ['r'])
    const path = await this.#pathFor(name, 'r')
    return readFile(path, { encoding: mode === 'r' ? 'utf8' : null, signal: this.#signal.signal })
  }

  /**
   * Writes a file.
   *
   * @param name - a name in the directory
   * @param data - text, bytes, or a stream or iterable of them. A stream or iterable is written piece by piece
   * @param mode - `w` (default) replaces the content, `a` appends to it. A `b` has no effect
   * @throws PermanentError if the directory would become larger than `TASK_FILES_MAX_BYTES`
   * @throws Error `AbortError` if the task is aborted
   * @example
   * await files.write('page.html', await response.text())
   */
  async write(name: string, data: FileContent, mode: 'w' | 'wb' | 'a' | 'ab' = 'w'): Promise<void> {
    const flag = flagsOf(mode, ['w', 'a'])
    const path = await this.#pathFor(name, flag)
    const options = { flag, mode: FILE_MODE, signal: this.#signal.signal }
    const counted = this.#counted(path)
    await (counted ? writeCounted(counted, data, options) : writeFile(path, data, options))
  }

  /**
   * Returns the names of the files and folders in the directory, sorted. Empty if the task has no directory yet.
   *
   * @param folder - a folder in the directory. Default: the directory itself
   * @throws Error `ENOENT` if the folder does not exist
   */
  async list(folder?: string): Promise<string[]> {
    const root = this.#directory.path
    const path = folder === undefined ? root : await existingPath(this.#directory, folder)
    return root === undefined || path === undefined ? [] : (await readdir(path)).sort()
  }

  /**
   * Returns whether a file or folder exists.
   *
   * @param name - a name in the directory
   * @example
   * if (await files.exists('cache.json')) log.info({}, 'cache found')
   */
  async exists(name: string): Promise<boolean> {
    const path = await existingPath(this.#directory, name).catch(ifMissing(undefined))
    if (path === undefined || this.#directory.path === undefined) return false
    return stat(path).then(
      () => true,
      () => false,
    )
  }

  /**
   * Opens a file. Close the handle by `await using` or `close()`. `close()` throws a {@link PermanentError} if the directory is
   * larger than `TASK_FILES_MAX_BYTES`.
   *
   * @param name - a name in the directory
   * @param mode - `r` (default), `r+`, `w`, `w+`, `wx`, `a` or `a+`. A `b` has no effect
   * @example
   * await using file = await files.open('movie.mp4')
   */
  open(name: string, mode?: FileMode): Promise<FileHandle>
  /**
   * Opens a file, calls a function with the handle, and closes the handle. Returns the result of the function.
   *
   * @param name - a name in the directory
   * @param mode - `r`, `r+`, `w`, `w+`, `wx`, `a` or `a+`. A `b` has no effect
   * @param use - receives the handle; sync or async
   * @example
   * const head = await files.open('movie.mp4', 'r', (file) => file.read(Buffer.alloc(12)))
   */
  open<T>(name: string, mode: FileMode, use: (file: FileHandle) => T | Promise<T>): Promise<T>
  async open<T>(
    name: string,
    mode: FileMode = 'r',
    use?: (file: FileHandle) => T | Promise<T>,
  ): Promise<FileHandle | T> {
    const flags = flagsOf(mode)
    const path = await this.#pathFor(name, flags)
    const file = await open(path, flags, FILE_MODE)
    const counted = flags === 'r' ? undefined : this.#counted(path)
    if (counted) countAtClose(file, counted, flags.startsWith('w'))
    if (!use) return file
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  }

  /**
   * Creates a stream that reads a file. The stream ends with an error if the task is aborted.
   *
   * @param name - a name in the directory
   * @param options - `start` and `end`: positions of the first and the last byte. Default: the whole file
   * @example
   * for await (const chunk of files.createReadStream('movie.mp4')) hash.update(chunk)
   */
  createReadStream(name: string, options: { start?: number; end?: number } = {}): ReadStream {
    return createReadStream(name, {
      ...options,
      signal: this.#signal.signal,
      fs: { ...fs, open: this.#opener(name) },
    })
  }

  /**
   * Creates a stream that writes a file. The stream ends with an error if the task is aborted, and with a {@link PermanentError} if
   * the directory would become larger than `TASK_FILES_MAX_BYTES`.
   *
   * @param name - a name in the directory
   * @param mode - `w` (default) replaces the content, `a` appends to it. A `b` has no effect
   * @example
   * await pipeline(response.body ?? [], files.createWriteStream('movie.mp4'))
   */
  createWriteStream(name: string, mode: 'w' | 'wb' | 'a' | 'ab' = 'w'): WriteStream {
    const flags = flagsOf(mode, ['w', 'a'])
    let file: CountedFile | undefined
    const open = this.#opener(name, (path) => {
      file = this.#counted(path)
      file?.quota.begin(path, flags === 'w')
    })
    const watched = { ...fs, open, ...countedWrites(() => file) } as typeof fs
    const stream = createWriteStream(name, {
      flags,
      mode: FILE_MODE,
      signal: this.#signal.signal,
      fs: watched,
    })
    return stream.once('close', () => file?.quota.end(file.path))
  }

  #counted(path: string): CountedFile | undefined {
    const { quota } = this.#directory
    return quota && { path, quota }
  }

  /** Returns the path of a file that is about to be opened. */
  async #pathFor(name: string, flags: OpenMode): Promise<string> {
    const path = createsFile(flags) ? await this.pathTo(name) : await existingPath(this.#directory, name)
    const root = this.#directory.path
    if (root !== undefined) await refuseSpecial(root, path)
    return path
  }

  /** Streams are created synchronously and open their file later. The name is checked only then. */
  #opener(name: string, whenOpen?: (path: string) => void) {
    return (_: unknown, flags: OpenMode, mode: number, opened: Opened): void => {
      const open = (path: string) =>
        fs.open(path, flags, mode, (error, fd) => {
          if (!error) whenOpen?.(path)
          opened(error, fd)
        })
      this.#pathFor(name, flags).then(open, opened)
    }
  }
}

type Opened = (error: Error | null, fd?: number) => void
