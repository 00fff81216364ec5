import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../errors.js'

/**
 * Returns the total size of the files below a directory, in bytes; 0 without a directory. Links are not followed.
 *
 * @param except - the path of a file that is not counted, because it is about to be overwritten
 */
export const bytesBelow = async (directory: string, except?: string): Promise<number> => {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true }).catch(() => [])
  let sum = 0
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isDirectory() && path !== except) sum += (await lstat(path)).size
  }
  return sum
}

/** Limits the size of a task directory. Each write counts its bytes here first. */
export class Quota {
  readonly #maxBytes: number
  #used: number

  constructor(maxBytes: number, used = 0) {
    this.#maxBytes = maxBytes
    this.#used = used
  }

  /**
   * Counts bytes.
   *
   * @param bytes - a negative number uncounts bytes
   * @throws PermanentError if the directory would become too large
   */
  readonly take = (bytes: number): void => {
    this.#used += bytes
    if (this.#used <= this.#maxBytes) return
    throw new PermanentError(
      `Task files exceed TASK_FILES_MAX_BYTES: they would need more than ${this.#maxBytes} bytes`,
    )
  }
}
