import { resolve } from 'node:path'
import type { Outcome } from '../../protocol/messages.js'
import type { KeepTaskFiles } from '../../settings.js'
import { Condition } from '../../utils/condition.js'
import type { Logger } from '../../utils/logger.js'
import { TurnoverMap } from '../../utils/turnover-map.js'
import type { Wake } from '../../utils/wake.js'
import { type Claim, claimDirectory, keepClaim, type Orphan, orphans, removeClaim } from './claims.js'
import { DiskRoom } from './disk-room.js'
import { thisOwner } from './owner.js'
import { TaskDirectory } from './task-directory.js'

export interface TaskDirectoriesOptions {
  /** `TASK_FILES_DIR` */
  readonly parent: string
  readonly workerId: string
  /** How much one may hold; no limit by default. */
  readonly maxBytes: number | undefined
  readonly keep: KeepTaskFiles
  readonly log: Logger
  /** Triggered when the disk has become full, or has room again. */
  readonly wake: Wake
}

interface Entry {
  readonly directory: TaskDirectory
  /** The number of runs whose results are not acknowledged yet: an orchestrator may send a task twice. */
  runs: number
  /** Directories of earlier runs, left behind by crashed workers. */
  inherited?: Claim[]
}

/** The directories of all tasks in hand and of all results on their way; each is removed when its result has been taken. */
export class TaskDirectories {
  readonly room: DiskRoom
  readonly #options: TaskDirectoriesOptions
  readonly #entries = new TurnoverMap<string, Entry>()
  readonly #idle = new Condition()
  #working = 0

  constructor(options: TaskDirectoriesOptions) {
    const parent = resolve(options.parent)
    this.#options = { ...options, parent }
    this.room = new DiskRoom(parent, options.wake)
  }

  /** The directory for a run of the task; nothing is made yet. */
  open(taskId: string): TaskDirectory {
    const entry = this.#entries.get(taskId) ?? { directory: this.#directoryFor(taskId), runs: 0 }
    entry.runs++
    this.#entries.set(taskId, entry)
    return entry.directory
  }

  /** The orchestrator has taken the result, or will never take it: nobody needs the files any longer. */
  released(taskId: string, outcome: Outcome): void {
    const entry = this.#entries.get(taskId)
    if (!entry || --entry.runs > 0) return
    this.#entries.delete(taskId)
    entry.directory.close()
    const { claim } = entry.directory
    if (claim) this.#dispose(claim, taskId, outcome)
    for (const each of entry.inherited ?? []) this.#dispose(each, taskId, outcome)
  }

  /**
   * Clears away what workers that are gone have left behind, except what a result on its way still needs: that is
   * as if this worker had made it.
   */
  sweep(isStillNeeded: (taskId: string) => boolean): void {
    this.#track(this.#sweep(isStillNeeded))
  }

  /** Stops probing the disk. Resolves when all removals that were started have ended. */
  async idle(): Promise<void> {
    await this.room.close()
    await this.#idle.until(() => this.#working === 0)
  }

  #directoryFor(taskId: string): TaskDirectory {
    const { parent, workerId, maxBytes } = this.#options
    const options = { maxBytes, claim: () => claimDirectory(parent, taskId, thisOwner(workerId)) }
    return new TaskDirectory(taskId, options)
  }

  /** The undelivered result counts as one run, however many directories the task has. */
  #inherit({ taskId, ...claim }: Orphan): void {
    const entry = this.#entries.get(taskId) ?? { directory: this.#directoryFor(taskId), runs: 0 }
    if (!entry.inherited) entry.runs++
    entry.inherited = [...(entry.inherited ?? []), claim]
    this.#entries.set(taskId, entry)
  }

  #dispose(claim: Claim, taskId: string, outcome: Outcome): void {
    const { keep, log } = this.#options
    if (keep !== 'always' && !(keep === 'on-failure' && outcome.kind === 'failure')) {
      this.#track(removeClaim(claim))
      return
    }
    log.info(
      { taskId, directory: claim.path },
      'the files of a task are kept, as WORKER_KEEP_TASK_FILES says',
    )
    this.#track(keepClaim(claim))
  }

  async #sweep(isStillNeeded: (taskId: string) => boolean): Promise<void> {
    const { parent, workerId, log } = this.#options
    for await (const orphan of orphans(parent, thisOwner(workerId))) {
      const { taskId, path: directory } = orphan
      if (isStillNeeded(taskId)) {
        this.#inherit(orphan)
        continue
      }
      log.info({ taskId, directory }, 'the files of a task are removed that a worker left behind')
      // One directory that cannot be removed must not protect the others.
      await removeClaim(orphan).catch(this.#warn)
    }
  }

  #track(work: Promise<void>): void {
    this.#working++
    void work.catch(this.#warn).finally(() => {
      this.#working--
      this.#idle.notify()
    })
  }

  readonly #warn = (error: unknown): void => {
    this.#options.log.warn({ err: error }, 'files of a task cannot be removed')
  }
}
