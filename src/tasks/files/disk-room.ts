import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDiskFull } from '../../utils/disk-full.js'
import { after, type Timer } from '../../utils/time.js'
import type { Wake } from '../../utils/wake.js'

const PROBE_BYTES = 1_048_576
const PAUSE_MS = 5_000

/**
 * Whether there is room for tasks' files. Once something has failed because a disk is full, a probe is written to
 * `TASK_FILES_DIR`, now and again until it succeeds: another disk may have been meant, and shares of users can only be found out so.
 */
export class DiskRoom {
  readonly #directory: string
  readonly #wake: Wake
  #full = false
  #probing = false
  #timer: Timer | undefined

  constructor(directory: string, wake: Wake) {
    this.#directory = directory
    this.#wake = wake
  }

  /** What is wrong; `undefined` when there is room. */
  get trouble(): string | undefined {
    return this.#full ? `the disk of TASK_FILES_DIR is full: ${this.#directory}` : undefined
  }

  /** Looks at an error that ended a task. */
  readonly notice = (error: unknown): void => {
    if (this.#probing || !isDiskFull(error)) return
    this.#probing = true
    this.#set(true)
    void this.#probe()
  }

  close(): void {
    this.#timer?.cancel()
  }

  async #probe(): Promise<void> {
    const path = join(this.#directory, `.probe-${process.pid}`)
    try {
      await mkdir(this.#directory, { recursive: true })
      await writeFile(path, Buffer.alloc(PROBE_BYTES))
      this.#probing = false
      this.#set(false)
    } catch {
      this.#timer = after(PAUSE_MS, () => void this.#probe())
    } finally {
      await rm(path, { force: true }).catch(() => {})
    }
  }

  #set(full: boolean): void {
    this.#full = full
    this.#wake.trigger()
  }
}
