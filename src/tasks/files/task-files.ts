import fs, { createReadStream, createWriteStream, type ReadStream, type WriteStream } from 'node:fs'
import { type FileHandle, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TaskSignal } from '../task-signal.js'
import { countedWrites } from './counted-writes.js'
import { makeFolders } from './make-folders.js'
import { type FileMode, flagsOf, makesFile, type OpenMode } from './modes.js'
import type { Quota } from './quota.js'
import { pathBelow, refuseLinksOut } from './safe-path.js'
import type { TaskDirectory } from './task-directory.js'

/** What can be written into a file: text, bytes, or a stream or other source of them. */
export type FileContent =
  | string
  | NodeJS.ArrayBufferView
  | Iterable<string | NodeJS.ArrayBufferView>
  | AsyncIterable<string | NodeJS.ArrayBufferView>

/**
 * The files of one task, in a directory of its own that goes when the result has been taken.
 *
 * A name may have sub-folders, `frames/0001.png`, which are made when needed. One that leads out of the directory
 * (`..`, an absolute path, a symbolic link) throws {@link InvalidInputError}. A task that touches no file has no
 * directory. All methods throw {@link StateError} once the task is over.
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

  /** The path of the directory, which is made by asking for it. */
  get root(): string {
    return this.#directory.make()
  }

  /**
   * The full path of a file, for programs and libraries that want one. The directory it lies in is made, the file is not.
   *
   * @example
   * await sharp(params.input).toFile(await files.pathTo('small.png'))
   */
  async pathTo(name: string): Promise<string> {
    const { root } = this
    const path = pathBelow(root, name)
    await refuseLinksOut(root, path)
    await makeFolders(root, dirname(path))
    return path
  }

  /**
   * The whole of a file, as text, or with the mode `rb` as a Buffer. For large ones, see {@link createReadStream}.
   *
   * @throws Error `ENOENT` when there is no such file
   */
  read(name: string, mode?: 'r'): Promise<string>
  read(name: string, mode: 'rb'): Promise<Buffer>
  async read(name: string, mode: 'r' | 'rb' = 'r'): Promise<string | Buffer> {
    flagsOf(mode, ['r'])
    const path = await this.#existing(name)
    return readFile(path, { encoding: mode === 'r' ? 'utf8' : null, signal: this.#signal.signal })
  }

  /**
   * Writes a file, instead of what it held before, or with the mode `a` at its end. Stops when the task is aborted.
   *
   * @param data - text, bytes, or a stream or iterable of them, of which only a piece at a time is in memory
   * @throws PermanentError when the directory would hold more than `TASK_FILES_MAX_BYTES`
   */
  async write(name: string, data: FileContent, mode: 'w' | 'wb' | 'a' | 'ab' = 'w'): Promise<void> {
    const flag = flagsOf(mode, ['w', 'a'])
    const path = await this.pathTo(name)
    const quota = await this.#quotaFor(path, flag)
    await writeFile(path, quota ? counted(data, quota) : data, { flag, signal: this.#signal.signal })
  }

  /** The names of what is in the directory, or in one of its folders, in order; empty when there is nothing. */
  async list(folder?: string): Promise<string[]> {
    const root = this.#directory.claim?.path
    const path = folder === undefined ? root : await this.#existing(folder)
    return root === undefined || path === undefined ? [] : (await readdir(path)).sort()
  }

  /** Whether there is such a file or folder. */
  async exists(name: string): Promise<boolean> {
    const root = this.#directory.claim?.path
    const path = pathBelow(root ?? '/', name)
    if (root === undefined) return false
    await refuseLinksOut(root, path)
    return stat(path).then(
      () => true,
      () => false,
    )
  }

  /**
   * Opens a file. The handle is closed by `await using`, by its `close()`, or, where you give a function, when that has
   * ended. What was written through it is counted then: closing throws a {@link PermanentError} when the directory holds
   * more than `TASK_FILES_MAX_BYTES`.
   *
   * @param mode - `r` (default), `r+`, `w`, `w+`, `wx`, `a`, `a+`; a `b` in it changes nothing
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
    const file = await open(await this.#pathFor(name, flags), flags)
    if (flags !== 'r') this.#countAtClose(file)
    if (!use) return file
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  }

  /** A stream out of a file; it is destroyed when the task is aborted. */
  createReadStream(name: string, options: { start?: number; end?: number } = {}): ReadStream {
    return createReadStream(name, {
      ...options,
      signal: this.#signal.signal,
      fs: { ...fs, open: this.#opener(name) },
    })
  }

  /**
   * A stream into a file; it is destroyed when the task is aborted, or, with a {@link PermanentError}, when the directory
   * would hold more than `TASK_FILES_MAX_BYTES`.
   */
  createWriteStream(name: string, mode: 'w' | 'wb' | 'a' | 'ab' = 'w'): WriteStream {
    const flags = flagsOf(mode, ['w', 'a'])
    let quota: Quota | undefined
    const open = this.#opener(name, async (path) => {
      quota = await this.#quotaFor(path, flags)
    })
    const watched = { ...fs, open, ...countedWrites(() => quota) } as typeof fs
    return createWriteStream(name, { flags, signal: this.#signal.signal, fs: watched })
  }

  /** A file that is written anew makes room for itself. */
  #quotaFor(path: string, flags: OpenMode): Promise<Quota | undefined> {
    return this.#directory.quota(flags === 'w' ? path : undefined)
  }

  /** A handle has more ways to write than anybody could watch. */
  #countAtClose(file: FileHandle): void {
    const { close } = file
    file.close = async () => {
      await close.call(file)
      const quota = await this.#directory.quota()
      quota?.take(0)
    }
  }

  #pathFor(name: string, flags: OpenMode): Promise<string> {
    return makesFile(flags) ? this.pathTo(name) : this.#existing(name)
  }

  /** The path of what should be there; no directory is made to look for it. */
  async #existing(name: string): Promise<string> {
    const root = this.#directory.claim?.path
    const path = pathBelow(root ?? '/', name)
    if (root !== undefined) await refuseLinksOut(root, path)
    return path
  }

  /** Streams are made at once and open later: only then is the name looked at. */
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

/** The same content, each piece of it counted before it is written. */
async function* counted(data: FileContent, quota: Quota): AsyncGenerator<string | NodeJS.ArrayBufferView> {
  const pieces = typeof data === 'string' || ArrayBuffer.isView(data) ? [data] : data
  for await (const piece of pieces) {
    quota.take(typeof piece === 'string' ? Buffer.byteLength(piece) : piece.byteLength)
    yield piece
  }
}
