import { ResponseError } from '../../errors.js'
import type { TaskResult } from '../../protocol/messages.js'
import type { Logger } from '../../utils/logger.js'
import { wallMs } from '../../utils/time.js'
import { countLetters, type DeadLetter, removeOldest, writeLetter } from './dead-letters.js'

/** Enough for people to see what goes wrong, and too little to fill a disk. */
const BOUNDS = { letters: 1_000, bytes: 64 * 1024 * 1024 }

/** The dead letters of this worker. */
export class DeadLetterBox {
  readonly #folder: string
  readonly #log: Logger
  #removing: Promise<void> = Promise.resolve()
  #isRemovalQueued = false
  #count = 0

  /** @param folder - the worker's state folder */
  constructor(folder: string, log: Logger) {
    this.#folder = folder
    this.#log = log
  }

  /** How many dead letters there were at the last {@link recount}. */
  get count(): number {
    return this.#count
  }

  /** Counts the dead letters. The command `outbox` and people remove some. Never rejects: the last count stays. */
  async recount(): Promise<void> {
    this.#count = await countLetters(this.#folder).catch(() => this.#count)
  }

  /** Writes a dead letter. Returns whether it is on disk. */
  async add(result: TaskResult, from: string, error: Error): Promise<boolean> {
    try {
      await writeLetter(this.#folder, letterOf(result, from, error))
    } catch (cause) {
      this.#log.error(
        { taskId: result.taskId, orchestrator: from, err: cause },
        'Dead letter not written: the journal keeps the result, and the next start sends it again',
      )
      return false
    }
    void this.recount()
    this.#removeSoon()
    return true
  }

  /** Resolves when the surplus dead letters are removed. */
  idle(): Promise<void> {
    return this.#removing
  }

  /** One removal reads all files, so a removal that is queued serves all letters that are added meanwhile. */
  #removeSoon(): void {
    if (this.#isRemovalQueued) return
    this.#isRemovalQueued = true
    this.#removing = this.#removing.then(() => {
      this.#isRemovalQueued = false
      return this.#removeSurplus()
    })
  }

  async #removeSurplus(): Promise<void> {
    try {
      for (const { result, diedAt } of await removeOldest(this.#folder, BOUNDS))
        this.#log.warn(
          { taskId: result.taskId, jobId: result.jobId, diedAt },
          'Oldest dead letter removed: there are too many dead letters',
        )
    } catch (error) {
      this.#log.warn({ folder: this.#folder, err: error }, 'Old dead letters not removed; trying again later')
    }
  }
}

const letterOf = (result: TaskResult, from: string, error: Error): DeadLetter => ({
  version: 1,
  from,
  diedAt: new Date(wallMs()).toISOString(),
  reason: error.message,
  ...(error instanceof ResponseError && { status: error.status }),
  result,
})
