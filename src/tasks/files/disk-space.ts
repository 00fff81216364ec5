import { randomUUID } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OwnDirectory } from '../../utils/directories/own-directory.js'
import { isDiskFull } from '../../utils/disk-full.js'
import { after, type Timer } from '../../utils/time.js'
import type { Wake } from '../../utils/wake.js'

const PROBE_BYTES = 1_048_576
const PAUSE_MS = 5_000

/**
 * Knows whether the disk has space for the files of tasks. After a task failed because a disk was full, a probe file is
 * written to `TASK_FILES_DIR` every five seconds until that succeeds. Only a write can tell: the failure may have come
 * from another disk, and no system call reports the quota of a user.
 */
export class DiskSpace {
  readonly #directory: Pick<OwnDirectory, 'open' | 'path'>
  readonly #wake: Wake
  #full = false
  #closed = false
  #timer: Timer | undefined
  #probing: Promise<void> | undefined

  constructor(directory: Pick<OwnDirectory, 'open' | 'path'>, wake: Wake) {
    this.#directory = directory
    this.#wake = wake
  }

  /** The reason why no tasks can be taken; `undefined` while there is space. */
  get trouble(): string | undefined {
    return this.#full ? `the disk of TASK_FILES_DIR is full: ${this.#directory.path}` : undefined
  }

  /** Starts to probe if the error that ended a task says that a disk is full. */
  readonly notice = (error: unknown): void => {
    if (this.#full || this.#closed || !isDiskFull(error)) return
    this.#set(true)
    this.#probe()
  }

  /** Stops probing. Resolves when the last probe file is gone. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#probing
  }

  #probe(): void {
    this.#probing = this.#tryToWrite().then((written) => {
      if (written) this.#set(false)
      else if (!this.#closed) this.#timer = after(PAUSE_MS, () => this.#probe())
    })
  }

  async #tryToWrite(): Promise<boolean> {
    let path: string | undefined
    try {
      path = join(this.#directory.open().path, `.probe-${randomUUID()}`)
      // `wx`: other users may share the directory, and must not lead the probe into another file.
      await writeFile(path, Buffer.alloc(PROBE_BYTES), { flag: 'wx', mode: 0o600 })
      return true
    } catch {
      return false
    } finally {
      if (path !== undefined) await rm(path, { force: true }).catch(() => {})
    }
  }

  #set(full: boolean): void {
    this.#full = full
    this.#wake.trigger()
  }
}
