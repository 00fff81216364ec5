import { lstat } from 'node:fs/promises'
import { PermanentError } from '../../errors.js'
import { leavesBelow } from './tree.js'

/** A write was refused because the task directory would become too large. */
export class QuotaError extends PermanentError {}

/**
 * Errors of files that nobody can count: they are gone since their folder was listed, or their path is too long, or their
 * folder is closed to this user.
 */
const UNCOUNTED = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'EACCES', 'EPERM'])

const isUncounted = (error: unknown): boolean => UNCOUNTED.has((error as NodeJS.ErrnoException).code ?? '')

/** So many files are looked at before the whole directory is measured. */
const RECOUNTED = 50

/** Returns the size of a file in bytes; 0 if it is gone. */
export const sizeOf = async (path: string | Buffer): Promise<number> => {
  try {
    return (await lstat(path)).size
  } catch (error) {
    if (isUncounted(error)) return 0
    throw error
  }
}

/**
 * The limit of one task directory, with a running count of its bytes. Each write counts its bytes first. Files that other
 * programs write or remove are seen when the directory is measured: at the limit, and before the uploads of a result.
 */
export class Quota {
  readonly #maxBytes: number
  readonly #root: () => string | undefined
  #used = 0
  /** The counted bytes of each file, by path, in the order of the last writes. Empty files are left out. */
  #sizes = new Map<string, number>()
  /** How many writers each file has at present. */
  readonly #writers = new Map<string, number>()
  /** The files whose count changed while the directory was measured. */
  #changed: Set<string> | undefined
  #measuring: Promise<void> | undefined

  /** @param root - returns the path of the directory; `undefined` before it is created */
  constructor(maxBytes: number, root: () => string | undefined) {
    this.#maxBytes = maxBytes
    this.#root = root
  }

  /** A file is opened for writing. @param replaces - whether its old content is gone */
  begin(path: string, replaces: boolean): void {
    this.#writers.set(path, (this.#writers.get(path) ?? 0) + 1)
    if (replaces) this.set(path, 0)
  }

  /** A file that was opened for writing is closed. */
  end(path: string): void {
    const others = (this.#writers.get(path) ?? 1) - 1
    if (others > 0) this.#writers.set(path, others)
    else this.#writers.delete(path)
  }

  /**
   * Counts bytes that are about to be written. After an error they are not counted.
   *
   * @param bytes - a negative number uncounts bytes
   * @throws PermanentError if the directory would become too large
   */
  add(path: string, bytes: number): void {
    if (bytes > 0 && !this.#fits(bytes)) throw this.#exceeded()
    this.set(path, (this.#sizes.get(path) ?? 0) + bytes)
  }

  /** Counts bytes like {@link add}. Before it refuses them, it measures the directory: the handler may have removed files. */
  async addMeasured(path: string, bytes: number): Promise<void> {
    if (bytes > 0) await this.checkRoom(bytes)
    this.add(path, bytes)
  }

  /** Corrects the count of one file. */
  set(path: string, size: number): void {
    this.#used += size - (this.#sizes.get(path) ?? 0)
    // The file that was written last is the last entry.
    this.#sizes.delete(path)
    if (size > 0) this.#sizes.set(path, size)
    this.#changed?.add(path)
  }

  /** A file has a new name. A file that had the name is gone. */
  move(from: string, to: string): void {
    this.set(to, this.#sizes.get(from) ?? 0)
    this.set(from, 0)
  }

  /** Measures the directory if its count is over the limit. @throws PermanentError if it is too large */
  check(): Promise<void> {
    return this.checkRoom(0)
  }

  /** Looks at the disk if there seems to be no room. @throws PermanentError if there is none for so many bytes */
  async checkRoom(bytes: number): Promise<void> {
    if (!this.#fits(bytes)) await this.#recount(bytes)
    if (!this.#fits(bytes)) await this.measure()
    if (!this.#fits(bytes)) throw this.#exceeded()
  }

  #fits(bytes: number): boolean {
    return this.#used + bytes <= this.#maxBytes
  }

  /** Looks at the files that were written last, until there is room: a handler removes its temporary files soon. */
  async #recount(bytes: number): Promise<void> {
    const last = [...this.#sizes].slice(-RECOUNTED)
    for (let next = last.pop(); next && !this.#fits(bytes); next = last.pop()) {
      const [path, counted] = next
      const size = await sizeOf(path)
      if (this.#sizes.get(path) === counted && !this.#writers.has(path)) this.set(path, size)
    }
  }

  /** Replaces the count by the sizes on the disk. Files that are written meanwhile keep their running count. */
  async measure(): Promise<void> {
    // A measurement that has begun earlier may have passed the files that changed since.
    if (this.#measuring) await this.#measuring
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined
      this.#changed = undefined
    })
    await this.#measuring
  }

  async #measure(): Promise<void> {
    const root = this.#root()
    const changed = new Set(this.#writers.keys())
    this.#changed = changed
    const sizes = new Map<string, number>()
    if (root !== undefined) {
      for await (const { path } of leavesBelow(Buffer.from(root), isUncounted)) {
        const name = path.toString()
        sizes.set(name, (sizes.get(name) ?? 0) + (await sizeOf(path)))
      }
    }
    for (const path of changed) sizes.set(path, this.#sizes.get(path) ?? 0)
    this.#sizes = sizes
    this.#used = 0
    for (const size of sizes.values()) this.#used += size
  }

  #exceeded(): QuotaError {
    return new QuotaError(
      `Task files exceed TASK_FILES_MAX_BYTES: they would need more than ${this.#maxBytes} bytes`,
    )
  }
}
