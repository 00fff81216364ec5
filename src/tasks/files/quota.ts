import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PermanentError } from '../../errors.js'

/**
 * The bytes of the files below a directory; 0 where there is none. Links count as themselves.
 *
 * @param except - the path of a file that is about to be written anew
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

/** How much may still go into a task's directory; counted down by whoever fills it. */
export class Quota {
  readonly #maxBytes: number
  #used: number

  constructor(maxBytes: number, used = 0) {
    this.#maxBytes = maxBytes
    this.#used = used
  }

  /**
   * @param bytes - fewer than none give some back
   * @throws PermanentError when the directory would hold more than it may
   */
  readonly take = (bytes: number): void => {
    this.#used += bytes
    if (this.#used <= this.#maxBytes) return
    throw new PermanentError(
      `The files of the task are larger than TASK_FILES_MAX_BYTES allows: more than ${this.#maxBytes} bytes`,
    )
  }
}
