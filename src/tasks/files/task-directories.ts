import type { Outcome } from '../../protocol/messages.js'
import type { KeepTaskFiles, Settings } from '../../settings.js'
import { Condition } from '../../utils/condition.js'
import type { Logger } from '../../utils/logger.js'
import { TurnoverMap } from '../../utils/turnover-map.js'
import type { Wake } from '../../utils/wake.js'
import { type Claim, keepClaim, type Orphan, orphans, removeClaim } from './claims.js'
import { thisProcess } from './directory-owner.js'
import { DiskSpace } from './disk-space.js'
import { FileWarnings } from './file-warnings.js'
import { PayloadFolder, type PayloadSettings } from './payload-folder.js'
import { type DirectorySettings, TaskDirectory } from './task-directory.js'

interface Entry {
  readonly directory: TaskDirectory
  /** The number of runs whose results are not acknowledged yet: an orchestrator may send a task twice. */
  runs: number
  /** Directories of earlier runs, left behind by crashed workers. */
  inherited?: Claim[]
}

/** The directories of all tasks that are in hand or have an undelivered result. Each is removed with its last result. */
export class TaskDirectories {
  readonly diskSpace: DiskSpace
  readonly #settings: DirectorySettings
  readonly #keep: KeepTaskFiles
  readonly #log: Logger
  readonly #entries = new TurnoverMap<string, Entry>()
  readonly #idle = new Condition()
  #working = 0

  /** @param wake - triggered when the disk becomes full, and when it has space again */
  constructor(
    settings: PayloadSettings & Pick<Settings, 'workerId' | 'taskFilesMaxBytes' | 'keepTaskFiles'>,
    log: Logger,
    wake: Wake,
  ) {
    const { workerId, taskFilesMaxBytes: maxBytes, keepTaskFiles } = settings
    const parent = new PayloadFolder(settings, log)
    const warnings = new FileWarnings(log, keepTaskFiles === 'always')
    this.#settings = { parent, owner: thisProcess(workerId), maxBytes, warnings }
    this.#keep = keepTaskFiles
    this.#log = log
    this.diskSpace = new DiskSpace(parent, wake)
  }

  /**
   * Creates `TASK_FILES_DIR` at the start of the worker. Logs a warning if it cannot be used at present.
   *
   * @throws ConfigError if somebody has chosen a directory that other users can change
   */
  prepare(): void {
    this.#settings.parent.prepare()
  }

  /** Returns the directory for a run of the task. Nothing is created yet. */
  open(taskId: string): TaskDirectory {
    const entry = this.#entryFor(taskId)
    entry.runs++
    return entry.directory
  }

  /** Removes the directory of a task whose results are all acknowledged or refused for good. */
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
   * Removes the directories of workers that are gone. A directory that an undelivered result still needs is treated as if
   * this worker had created it.
   */
  sweep(isStillNeeded: (taskId: string) => boolean): void {
    this.#track(this.#sweep(isStillNeeded))
  }

  /** Stops probing the disk. Resolves when all removals that were started have ended. */
  async idle(): Promise<void> {
    await this.diskSpace.close()
    await this.#idle.until(() => this.#working === 0)
  }

  #entryFor(taskId: string): Entry {
    const known = this.#entries.get(taskId)
    if (known) return known
    const entry = { directory: new TaskDirectory(taskId, this.#settings), runs: 0 }
    this.#entries.set(taskId, entry)
    return entry
  }

  #dispose(claim: Claim, taskId: string, outcome: Outcome): void {
    if (this.#keep !== 'always' && !(this.#keep === 'on-failure' && outcome.kind === 'failure')) {
      this.#track(removeClaim(claim))
      return
    }
    this.#log.info({ taskId, directory: claim.path }, 'Task directory kept: WORKER_KEEP_TASK_FILES is set')
    this.#track(keepClaim(claim))
  }

  async #sweep(isStillNeeded: (taskId: string) => boolean): Promise<void> {
    const { parent, owner } = this.#settings
    const place = parent.tryOpen()
    if (!place) return
    for await (const orphan of orphans(place, owner)) {
      const { taskId, path: directory } = orphan
      if (isStillNeeded(taskId)) {
        this.#inherit(orphan)
        continue
      }
      this.#log.info(
        { taskId, directory },
        'Task directory of an earlier worker found: the worker removes it',
      )
      // One directory that cannot be removed must not protect the others.
      await removeClaim(orphan).catch(this.#warn)
    }
  }

  /** The undelivered result counts as one run, however many directories the task has. */
  #inherit({ taskId, ...claim }: Orphan): void {
    const entry = this.#entryFor(taskId)
    if (!entry.inherited) entry.runs++
    entry.inherited = [...(entry.inherited ?? []), claim]
  }

  #track(work: Promise<void>): void {
    this.#working++
    void work.catch(this.#warn).finally(() => {
      this.#working--
      this.#idle.notify()
    })
  }

  readonly #warn = (error: unknown): void => {
    this.#log.warn({ err: error }, 'Task directory not removed: the next start of a worker retries')
  }
}
