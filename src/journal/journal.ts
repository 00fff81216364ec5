import { ConfigError, ResponseError } from '../errors.js'
import type { TaskOffer, TaskResult } from '../protocol/messages.js'
import { fullJitter } from '../transport/backoff.js'
import type { Logger } from '../utils/logger.js'
import { after, type Timer, wallMs } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'
import { adoptOthers } from './adopt.js'
import type { JournalEntry } from './entries.js'
import { type DeadLetter, fileLetter, thinOut } from './folder/dead-letters.js'
import { FolderInUseError } from './folder/lock.js'
import { currentOwner, writeOwner } from './folder/owner.js'
import { openStateFolder, type StateFolder } from './folder/state-folder.js'
import { JournalFile } from './journal-file.js'
import { JournalState, type OpenTask } from './journal-state.js'
import { heldForMs, type PollEnd, PollMark } from './poll-mark.js'
import { encodeEntry } from './record.js'

export interface JournalOptions {
  readonly workerId: string
  /** Whether nobody chose the id: then the journals of dead workers like this one are adopted. */
  readonly isMadeUp: boolean
  /** The worker's own folder; `undefined` keeps everything in memory. */
  readonly folder: string | undefined
  readonly syncs: boolean
  /** The orchestrators. */
  readonly urls: readonly string[]
  /** How long an orchestrator should hold a poll, in ms. */
  readonly holdMs: number
  readonly log: Logger
  /** Triggered when the journal can no longer be written, and when it can be written again. */
  readonly wake: Wake
}

/** Who asks for tasks: the worker, under one of its ids at one of its orchestrators. */
export interface Poller {
  /** The orchestrator's. */
  readonly url: string
  readonly workerId: string
  /** How much longer a poll may be held there than it should be, in ms. */
  readonly extraHoldMs: number
}

/** A file shorter than this is not worth rewriting, in bytes. */
const COMPACT_FROM_BYTES = 4 * 1024 * 1024
/** Enough for people to see what goes wrong, and no disk is full of it. */
const LETTER_BOUNDS = { letters: 1_000, bytes: 64 * 1024 * 1024 }
const HEAL_BACKOFF = { baseMs: 1_000, capMs: 30_000 }

/**
 * What this worker has taken and not yet seen acknowledged, on the disk. Every method that notes a fact calls `then` once it
 * is written; at once where nothing is: without a folder, before it is opened and after it is closed.
 */
export class Journal {
  readonly #options: JournalOptions
  readonly #marks = new Map<Poller, PollMark>()
  #folder: StateFolder | undefined
  #file: JournalFile | undefined
  #state = new JournalState()
  #trouble: string | undefined
  #healing: Timer | undefined
  #failures = 0
  #rewriting: Promise<void> | undefined
  #thinning: Promise<void> = Promise.resolve()
  #isThinningDue = false
  /** From this length on it is rewritten: twice what it had after the last time. */
  #compactFrom = COMPACT_FROM_BYTES

  constructor(options: JournalOptions) {
    this.#options = options
  }

  /** Why nothing can be written at present. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** Whether what is not delivered outlasts this process. */
  get isKept(): boolean {
    return this.#file !== undefined && this.#trouble === undefined
  }

  /**
   * Takes the folder, and reads what an earlier worker has left there and in the folders it adopts.
   *
   * @returns the tasks that are not settled
   * @throws ConfigError when a live process has the folder
   */
  async open(): Promise<readonly OpenTask[]> {
    const { folder, log } = this.#options
    if (folder === undefined) return []
    try {
      this.#folder = await openStateFolder(folder, log)
    } catch (error) {
      if (error instanceof FolderInUseError) throw inUse(folder)
      if (!isUnusable(error)) throw error
      log.warn(
        { folder, err: error },
        'there is no journal: results that are not delivered are lost with the process. Set WORKER_STATE_DIR to a folder that can be written, or WORKER_JOURNAL=off',
      )
      return []
    }
    await this.#begin(this.#folder)
    return this.#state.tasks
  }

  /** How much longer an orchestrator may hold a poll of a predecessor of that id, in ms. */
  heldForMs(url: string, workerId: string): number {
    const entry = this.#state.polls.find((poll) => poll.from === url && poll.workerId === workerId)
    if (!entry || entry.openedAtMs === null) return 0
    return heldForMs(entry.openedAtMs, wallMs(), entry.holdMs ?? this.#options.holdMs)
  }

  /** Whether a result of the task may still have to be delivered. */
  isStillNeeded(taskId: string): boolean {
    return this.#state.has(taskId)
  }

  accepted(
    { jobId, taskId, taskName }: TaskOffer,
    { url, workerId }: Omit<Poller, 'extraHoldMs'>,
    then?: () => void,
  ): void {
    this.#note({ fact: 'accepted', from: url, workerId, jobId, taskId, taskName }, then)
  }

  finished(result: TaskResult, from: string, then: () => void): void {
    this.#note({ fact: 'finished', from, result }, then, 'at rest')
  }

  /** The orchestrator has the result. */
  acknowledged({ taskId }: TaskResult, then?: () => void): void {
    this.#note({ fact: 'settled', taskId }, then)
  }

  /** The orchestrator will never take the result. Gives whether it lies with the dead letters now. */
  async buried(result: TaskResult, from: string, error: Error): Promise<boolean> {
    const folder = this.#folder
    if (!folder) return false
    try {
      await fileLetter(folder.path, letterOf(result, from, error))
    } catch (cause) {
      // Unsettled as it is, it comes up again at the next start.
      this.#options.log.error({ taskId: result.taskId, err: cause }, 'a dead letter could not be written')
      return false
    }
    await new Promise<void>((resolve) => this.acknowledged(result, resolve))
    this.#thinOut(folder.path)
    return true
  }

  pollOpened(from: Poller): Promise<void> | undefined {
    if (!this.#file) return undefined
    const openedAtMs = this.#markOf(from).opened(wallMs())
    if (openedAtMs === undefined) return undefined
    return new Promise((resolve) => this.#mark(from, openedAtMs, resolve))
  }

  pollEnded(from: Poller, end: PollEnd): void {
    if (!this.#file) return
    if (this.#markOf(from).ended(wallMs(), end) === null) this.#mark(from, null)
  }

  /** Writes what is left and gives the folder up. */
  async close(): Promise<void> {
    this.#healing?.cancel()
    this.#clearMarks()
    await this.#rewriting?.catch(() => {})
    await this.#thinning
    const file = this.#file
    this.#file = undefined
    await file?.close()
    const folder = this.#folder
    this.#folder = undefined
    if (this.#options.isMadeUp && this.#state.tasks.length === 0) await folder?.remove()
    else await folder?.release()
  }

  async #begin(folder: StateFolder): Promise<void> {
    const { workerId, isMadeUp, syncs, urls, log } = this.#options
    const { state } = folder.left
    this.#state = state
    this.#file = new JournalFile({
      path: folder.journalPath,
      syncs,
      onBroken: (error) => this.#broke(error),
    })
    try {
      await this.#rewrite()
      const owner = await currentOwner(workerId, isMadeUp)
      await writeOwner(folder.path, owner)
      if (isMadeUp) await adoptOthers({ folder, owner, urls, log, keep: (entries) => this.#keep(entries) })
    } catch (error) {
      this.#broke(error as Error)
    }
  }

  /** Looks at all of them each time, so once for all that have come meanwhile. */
  #thinOut(folder: string): void {
    if (this.#isThinningDue) return
    this.#isThinningDue = true
    const { log } = this.#options
    this.#thinning = this.#thinning.then(async () => {
      this.#isThinningDue = false
      try {
        for (const { result, diedAt } of await thinOut(folder, LETTER_BOUNDS))
          log.warn(
            { taskId: result.taskId, jobId: result.jobId, diedAt },
            'there are too many dead letters: the oldest has gone',
          )
      } catch (error) {
        log.warn({ err: error }, 'dead letters could not be removed')
      }
    })
  }

  #markOf(poller: Poller): PollMark {
    const known = this.#marks.get(poller)
    if (known) return known
    const mark = new PollMark(this.#holdMs(poller))
    this.#marks.set(poller, mark)
    return mark
  }

  #clearMarks(): void {
    for (const [from, mark] of this.#marks) if (mark.cleared(wallMs()) === null) this.#mark(from, null)
  }

  #holdMs({ extraHoldMs }: Poller): number {
    return this.#options.holdMs + extraHoldMs
  }

  #mark(poller: Poller, openedAtMs: number | null, then?: () => void): void {
    const { url: from, workerId } = poller
    this.#note({ fact: 'polled', from, workerId, openedAtMs, holdMs: this.#holdMs(poller) }, then)
  }

  #note(entry: JournalEntry, then: () => void = nothing, when?: 'soon' | 'at rest'): void {
    if (!this.#file) {
      then()
      return
    }
    this.#state.apply(entry)
    this.#file.append(encodeEntry(entry), then, when)
    if (this.#file.length > this.#compactFrom) this.#compact()
  }

  async #keep(entries: readonly JournalEntry[]): Promise<boolean> {
    for (const entry of entries) this.#note(entry)
    await this.#file?.flushed()
    return this.isKept
  }

  #compact(): void {
    if (this.#trouble !== undefined) return
    void this.#rewrite().catch((error: unknown) =>
      this.#options.log.warn({ err: error }, 'the journal could not be shortened; trying again later'),
    )
  }

  #rewrite(): Promise<void> {
    const file = this.#file
    if (!file) return Promise.resolve()
    this.#compactFrom = Number.POSITIVE_INFINITY
    this.#rewriting = file
      .rewrite(linesOf(this.#state.entries))
      .finally(() => {
        this.#compactFrom = Math.max(COMPACT_FROM_BYTES, 2 * file.length)
      })
      .then(() => this.#healed())
    return this.#rewriting
  }

  #broke(error: Error): void {
    this.#trouble = `the journal cannot be written: ${error.message}`
    if (this.#failures === 0)
      this.#options.log.error(
        { err: error },
        'the journal cannot be written: no tasks are taken until it can; what runs is kept in memory',
      )
    this.#options.wake.trigger()
    this.#healLater()
  }

  #healLater(): void {
    this.#failures++
    this.#healing?.cancel()
    this.#healing = after(fullJitter(HEAL_BACKOFF, this.#failures, 1), () => {
      if (this.#file?.isRewriting) this.#healLater()
      else void this.#rewrite().catch(() => this.#healLater())
    })
  }

  #healed(): void {
    if (this.#trouble === undefined) return
    this.#healing?.cancel()
    this.#trouble = undefined
    this.#failures = 0
    this.#options.log.info({}, 'the journal can be written again')
    this.#options.wake.trigger()
  }
}

const nothing = (): void => {}

const inUse = (folder: string): ConfigError =>
  new ConfigError([
    {
      name: 'WORKER_STATE_DIR',
      value: folder,
      expected:
        'a directory of this worker alone, but another process has it: is there a second worker of this id?',
    },
  ])

const letterOf = (result: TaskResult, from: string, error: Error): DeadLetter => ({
  version: 1,
  from,
  diedAt: new Date(wallMs()).toISOString(),
  reason: error.message,
  ...(error instanceof ResponseError && { status: error.status }),
  result,
})

function* linesOf(entries: readonly JournalEntry[]): Generator<string> {
  for (const entry of entries) yield encodeEntry(entry)
}

/** A file system that will not do, rather than a mistake in here or a folder that is taken. */
const isUnusable = (error: unknown): boolean =>
  error instanceof Error && /^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? '')
