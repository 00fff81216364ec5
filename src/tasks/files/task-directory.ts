import { StateError } from '../../errors.js'
import type { Claim } from './claims.js'
import { bytesBelow, Quota } from './quota.js'

/** How directories are made, and how much one may hold. */
export interface DirectoryOptions {
  readonly claim: (taskId: string) => Claim
  readonly maxBytes: number | undefined
}

/** The directory of one task: made when something is first put into it, of no use once the task is over. */
export class TaskDirectory {
  readonly taskId: string
  readonly #options: DirectoryOptions
  #claim: Claim | undefined
  #open = true

  constructor(taskId: string, options: DirectoryOptions) {
    this.taskId = taskId
    this.#options = options
  }

  /** What has been made; `undefined` when nothing was. */
  get claim(): Claim | undefined {
    return this.#claim
  }

  /**
   * Its path, made if need be.
   *
   * @throws StateError when the task is over. @throws TransientError when it cannot be made
   */
  make(): string {
    if (!this.#open) throw new StateError(`The task ${this.taskId} is over: its files are gone`)
    this.#claim ??= this.#options.claim(this.taskId)
    return this.#claim.path
  }

  /**
   * What may still be put into it; `undefined` without a limit.
   *
   * @param except - the path of a file that is about to be written anew
   */
  async quota(except?: string): Promise<Quota | undefined> {
    const { maxBytes } = this.#options
    if (maxBytes === undefined) return undefined
    return new Quota(maxBytes, this.#claim ? await bytesBelow(this.#claim.path, except) : 0)
  }

  close(): void {
    this.#open = false
  }
}
