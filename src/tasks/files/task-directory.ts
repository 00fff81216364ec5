import { StateError, TransientError } from '../../errors.js'
import { identityOf, isStill, strangerAt } from '../../utils/directories/own-directory.js'
import { type Claim, claimDirectory, type OwnClaim } from './claims.js'
import type { DirectoryOwner } from './directory-owner.js'
import type { FileWarnings } from './file-warnings.js'
import type { PayloadFolder } from './payload-folder.js'
import { Quota } from './quota.js'

/** The place and the limit of all task directories of a worker. */
export interface DirectorySettings {
  /** `TASK_FILES_DIR` */
  readonly parent: PayloadFolder
  readonly owner: DirectoryOwner
  /** The largest size of one directory, in bytes. No limit if `undefined`. */
  readonly maxBytes: number | undefined
  readonly warnings: FileWarnings
}

/** The directory of one task. It is created with its first file, and cannot be used after the end of the task. */
export class TaskDirectory {
  readonly taskId: string
  readonly #settings: DirectorySettings
  #claim: OwnClaim | undefined
  #quota: Quota | undefined
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
   * The path of the directory; `undefined` if none was created.
   *
   * @throws TransientError if somebody has put a link or a directory of another user in its place
   */
  get path(): string | undefined {
    const claim = this.#claim
    if (claim && !isStill(claim)) this.#acceptReplacement(claim)
    return claim?.path
  }

  /** The path without links; `undefined` if no directory was created. */
  get realPath(): string | undefined {
    return this.#claim?.realPath
  }

  /**
   * Returns the path of the directory. Creates the directory if necessary.
   *
   * @throws StateError after the end of the task
   * @throws TransientError if the directory cannot be created, or was replaced
   */
  make(): string {
    if (!this.#open)
      throw new StateError(
        `Task ${this.taskId} has ended: its files were removed. Await all file operations before the handler returns`,
      )
    const { path } = this
    if (path !== undefined) return path
    const { parent, owner } = this.#settings
    this.#claim = claimDirectory(parent, this.taskId, owner)
    return this.#claim.path
  }

  /** `TASK_FILES_DIR` */
  get parent(): string {
    return this.#settings.parent.path
  }

  get warnings(): FileWarnings {
    return this.#settings.warnings
  }

  /** The limit of the directory and what it holds; `undefined` without a limit. */
  get quota(): Quota | undefined {
    const { maxBytes } = this.#settings
    if (maxBytes !== undefined) this.#quota ??= new Quota(maxBytes, () => this.#claim?.path)
    return this.#quota
  }

  close(): void {
    this.#open = false
  }

  /** Handlers may remove their directory, and create it again. Some network file systems give directories new inodes. */
  #acceptReplacement(claim: OwnClaim): void {
    let stranger: string | undefined
    try {
      stranger = strangerAt(claim.path)
      if (stranger === undefined) this.#claim = { ...claim, ...identityOf(claim.path) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    if (stranger !== undefined) throw new TransientError(`Task directory was replaced: ${stranger}`)
  }
}
