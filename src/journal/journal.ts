import { ConfigError } from '../errors.js'
import type { TaskOffer, TaskResult } from '../protocol/messages.js'
import type { Settings } from '../settings.js'
import { UnsafeDirectoryError, unsafeDirectory } from '../utils/directories/own-directory.js'
import type { Logger } from '../utils/logger.js'
import { wallMs, within } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'
import { adoptOthers } from './adopt.js'
import type { JournalEntry } from './entries.js'
import { DeadLetterBox } from './folder/dead-letter-box.js'
import { FolderInUseError } from './folder/lock.js'
import { currentOwner } from './folder/owner.js'
import { StateFolder } from './folder/state-folder.js'
import type { OpenTask } from './journal-state.js'
import { JournalStore } from './journal-store.js'
import { heldForMs, type PollEnd, PollMark } from './poll-mark.js'

/** The settings that the journal depends on. */
export type JournalSettings = Pick<
  Settings,
  | 'workerId'
  | 'workerIdIsMadeUp'
  | 'journal'
  | 'stateDir'
  | 'stateDirIsDefault'
  | 'isInPod'
  | 'journalSyncs'
  | 'orchestrators'
  | 'pollTimeoutMs'
>

/** The worker under one of its ids, at one of its orchestrators. */
export interface Identity {
  /** The orchestrator's URL. */
  readonly url: string
  readonly workerId: string
}

/** An identity that polls. */
export interface Poller extends Identity {
  /** How much longer than `TASK_POLL_TIMEOUT` the orchestrator may hold a poll, in ms. */
  readonly extraHoldMs: number
}

/** A poll of an earlier worker that the orchestrator may still hold. */
export interface HeldPoll {
  readonly workerId: string
  /** How much longer the orchestrator may hold the poll. */
  readonly ms: number
  /** Whether the orchestrator knows that nobody takes tasks under this id. */
  readonly isAnnounced: boolean
}

/** A disk that hangs does not keep a worker from ending for longer than this. */
const CLOSE_DEADLINE_MS = 5_000

/**
 * The journal on disk: the tasks that were accepted and whose results are not acknowledged, and the polls that an
 * orchestrator may hold. The next worker reads it after a crash.
 *
 * Methods with `then` call it when the entry is written or cannot be written. If there is no journal, they call it at
 * once: without a state folder, before `open` and after `close`.
 */
export class Journal {
  readonly #settings: JournalSettings
  readonly #log: Logger
  readonly #wake: Wake
  readonly #marks = new Map<Poller, PollMark>()
  #folder: StateFolder | undefined
  #store: JournalStore | undefined
  #deadLetters: DeadLetterBox | undefined

  /** @param wake - triggered when the journal cannot be written any more, and when it can be written again */
  constructor(settings: JournalSettings, log: Logger, wake: Wake) {
    this.#settings = settings
    this.#log = log
    this.#wake = wake
  }

  /** Why the worker must not take tasks; `undefined`: it may. */
  get trouble(): string | undefined {
    return this.#store?.trouble
  }

  /** The length of the journal file in bytes, and how many writes this process has made. */
  get size(): { readonly bytes: number; readonly writes: number } {
    return this.#store?.size ?? NOTHING_WRITTEN
  }

  /** The dead letters in the state folder; `undefined` without a state folder. */
  get deadLetters(): Pick<DeadLetterBox, 'count' | 'recount'> | undefined {
    return this.#deadLetters
  }

  /** Whether undelivered results survive this process. */
  get isKept(): boolean {
    return this.#store?.isWritable ?? false
  }

  /**
   * Locks the state folder, and reads the journals of an earlier worker and of the dead workers that this one adopts.
   *
   * @returns the tasks that are not settled
   * @throws ConfigError if another worker has the folder, or if somebody has chosen a folder that other users can change
   */
  async open(): Promise<readonly OpenTask[]> {
    const { journal, stateDir: folder } = this.#settings
    if (!journal) return []
    if (folder === undefined) {
      this.#log.warn({}, `No home directory: ${NO_JOURNAL}`)
      return []
    }
    try {
      this.#folder = await this.#openFolder(folder)
    } catch (error) {
      if (!(error instanceof UnsafeDirectoryError) && !isUnusable(error)) throw error
      this.#log.warn({ folder, err: error }, `State directory not usable: ${NO_JOURNAL}`)
      return []
    }
    this.#deadLetters = new DeadLetterBox(folder, this.#log)
    void this.#deadLetters.recount()
    this.#store = await this.#openStore(this.#folder)
    return this.#store.state.tasks
  }

  /** Returns the polls of earlier workers that the orchestrator at `url` may still hold. */
  heldPolls(url: string): readonly HeldPoll[] {
    const polls = this.#store?.state.polls.filter(({ from }) => from === url) ?? []
    const held = polls.map(({ workerId, openedAtMs, holdMs = this.#settings.pollTimeoutMs, announced }) => ({
      workerId,
      ms: openedAtMs === null ? 0 : heldForMs(openedAtMs, wallMs(), holdMs),
      isAnnounced: announced ?? false,
    }))
    return held.filter(({ ms }) => ms > 0)
  }

  /** Returns whether the task is not settled: its result may have to be delivered. */
  isStillNeeded(taskId: string): boolean {
    return this.#store?.state.has(taskId) ?? false
  }

  accepted({ jobId, taskId, taskName }: TaskOffer, { url, workerId }: Identity, then?: () => void): void {
    this.#add({ fact: 'accepted', from: url, workerId, jobId, taskId, taskName }, then)
  }

  /** Never calls `then` before it returns: the slot of the task is freed before its result is sent. */
  finished(result: TaskResult, from: string, then: () => void): void {
    if (this.#store) this.#store.add({ fact: 'finished', from, result }, then, 'at rest')
    else queueMicrotask(then)
  }

  /** The orchestrator has the result. */
  acknowledged({ taskId }: TaskResult, then?: () => void): void {
    this.#add({ fact: 'settled', taskId }, then)
  }

  /** The orchestrator will never take the result. Returns whether the result is a dead letter on disk now. */
  async buried(result: TaskResult, from: string, error: Error): Promise<boolean> {
    // A result that is not written stays unsettled: the next start sends it again.
    if (!(await this.#deadLetters?.add(result, from, error))) return false
    await new Promise<void>((resolve) => this.acknowledged(result, resolve))
    return true
  }

  /** A poll is about to be opened. Returns a promise if something must be written first. */
  pollOpened(from: Poller): Promise<void> | undefined {
    if (!this.#store) return undefined
    const openedAtMs = this.#markOf(from).opened(wallMs())
    if (openedAtMs === undefined) return undefined
    return new Promise((resolve) => this.#writeMark(from, openedAtMs, resolve))
  }

  pollEnded(from: Poller, end: PollEnd): void {
    if (!this.#store) return
    if (this.#markOf(from).ended(wallMs(), end) === null) this.#writeMark(from, null)
  }

  /** The open polls are about to be given up. The orchestrator knows that this worker takes no tasks. */
  pollsAbandoned(from: Poller): void {
    const openedAtMs = this.#marks.get(from)?.markedMs
    if (this.#store && openedAtMs) this.#writeMark(from, openedAtMs, nothing, true)
  }

  /** Writes the remaining entries and unlocks the folder. Never rejects, and waits no longer than 5 s. */
  async close(): Promise<void> {
    const folder = this.#settings.stateDir
    const closed = this.#close().catch((err: unknown) =>
      this.#log.warn(
        { folder, err },
        'State directory not closed properly: the next start replays the journal',
      ),
    )
    if (!(await within(CLOSE_DEADLINE_MS, closed)))
      this.#log.error(
        { folder },
        'Disk does not answer: the journal is not closed, and the state directory stays locked until this process ends',
      )
  }

  async #openFolder(path: string): Promise<StateFolder> {
    const { stateDirIsDefault, isInPod } = this.#settings
    try {
      return await StateFolder.open(path, this.#log, isInPod)
    } catch (error) {
      if (error instanceof FolderInUseError) throw inUse(path)
      if (error instanceof UnsafeDirectoryError && !stateDirIsDefault)
        throw unsafeDirectory('WORKER_STATE_DIR', path, error)
      throw error
    }
  }

  async #openStore(folder: StateFolder): Promise<JournalStore> {
    const { workerId, workerIdIsMadeUp, journalSyncs, orchestrators, isInPod } = this.#settings
    const owner = await currentOwner(workerId, workerIdIsMadeUp)
    const store = new JournalStore(folder, owner, journalSyncs, this.#log, this.#wake)
    await store.open()
    const urls = orchestrators.map(({ url }) => url)
    if (workerIdIsMadeUp && store.isWritable)
      await adoptOthers({ folder, owner, urls, journal: store, isInPod, log: this.#log })
    return store
  }

  async #close(): Promise<void> {
    this.#clearMarks()
    const store = this.#store
    const folder = this.#folder
    this.#store = undefined
    this.#folder = undefined
    try {
      await this.#deadLetters?.idle()
      await store?.close()
      if (this.#settings.workerIdIsMadeUp && store?.state.tasks.length === 0) await folder?.remove()
    } finally {
      await folder?.release()
    }
  }

  #markOf(poller: Poller): PollMark {
    const known = this.#marks.get(poller)
    if (known) return known
    const mark = new PollMark(this.#holdMs(poller))
    this.#marks.set(poller, mark)
    return mark
  }

  #clearMarks(): void {
    for (const [from, mark] of this.#marks) if (mark.cleared(wallMs()) === null) this.#writeMark(from, null)
  }

  #holdMs({ extraHoldMs }: Poller): number {
    return this.#settings.pollTimeoutMs + extraHoldMs
  }

  #writeMark(poller: Poller, openedAtMs: number | null, then?: () => void, announced?: true): void {
    const { url: from, workerId } = poller
    const holdMs = this.#holdMs(poller)
    this.#add({ fact: 'polled', from, workerId, openedAtMs, holdMs, ...(announced && { announced }) }, then)
  }

  #add(entry: JournalEntry, then: () => void = nothing): void {
    if (this.#store) this.#store.add(entry, then)
    else then()
  }
}

const nothing = (): void => {}

const NOTHING_WRITTEN = { bytes: 0, writes: 0 }

const NO_JOURNAL =
  'there is no journal, and undelivered results are lost when the process ends. Set WORKER_STATE_DIR to a writable directory of this user, or WORKER_JOURNAL=off'

const inUse = (folder: string): ConfigError =>
  new ConfigError([
    {
      name: 'WORKER_STATE_DIR',
      value: folder,
      expected:
        'a directory for this worker only, but another worker uses it. Is a second worker with this id running?',
    },
  ])

/** Whether the file system cannot hold a state folder. Other errors are bugs. */
const isUnusable = (error: unknown): boolean =>
  error instanceof Error && /^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? '')
