import { StateError } from '../../errors.js'
import { type Claim, claimDirectory } from './claims.js'
import type { DirectoryOwner } from './directory-owner.js'
import { bytesBelow, Quota } from './quota.js'

/** The place and the limit of all task directories of a worker. */
export interface DirectorySettings {
  /** The absolute path of `TASK_FILES_DIR`. */
  readonly parent: string
  readonly owner: DirectoryOwner
  /** The largest size of one directory, in bytes. No limit if `undefined`. */
  readonly maxBytes: number | undefined
}

/** The directory of one task. It is created with its first file, and cannot be used after the end of the task. */
export class TaskDirectory {
  readonly taskId: string
  readonly #settings: DirectorySettings
  #claim: Claim | undefined
  #open = true

  constructor(taskId: string, settings: DirectorySettings) {
    this.taskId = taskId
    this.#settings = settings
  }

  /** The directory that was created; `undefined` if none was. */
  get claim(): Claim | undefined {
    return this.#claim
  }

  /**
   * Returns the path of the directory. Creates the directory if necessary.
   *
   * @throws StateError after the end of the task
   * @throws TransientError if the directory cannot be created
   */
  make(): string {
    if (!this.#open) throw new StateError(`Task ${this.taskId} has ended: its files are gone`)
    const { parent, owner } = this.#settings
    this.#claim ??= claimDirectory(parent, this.taskId, owner)
    return this.#claim.path
  }

  /**
   * Returns a quota that starts with the present size of the directory; `undefined` without a limit.
   *
   * @param except - the path of a file that is about to be overwritten
   */
  async quota(except?: string): Promise<Quota | undefined> {
    const { maxBytes } = this.#settings
    if (maxBytes === undefined) return undefined
    return new Quota(maxBytes, this.#claim ? await bytesBelow(this.#claim.path, except) : 0)
  }

  close(): void {
    this.#open = false
  }
}
