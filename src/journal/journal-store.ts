import { fullJitter } from '../transport/backoff.js'
import type { Logger } from '../utils/logger.js'
import { type Moves, States } from '../utils/states.js'
import { after, type Timer } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'
import type { JournalEntry } from './entries.js'
import { type FolderOwner, writeOwner } from './folder/owner.js'
import type { StateFolder } from './folder/state-folder.js'
import { JournalFile, type JournalFileOwner } from './journal-file.js'
import type { JournalState, OpenTask } from './journal-state.js'
import { encodeEntries } from './record.js'

/** A shorter file is not worth a rewrite, in bytes. */
const REWRITE_FROM_BYTES = 4 * 1024 * 1024
/** A rewrite during which more lines than this come does not keep up, in characters. */
const LONGEST_BACKLOG = 32 * 1024 * 1024
const HEAL_BACKOFF = { baseMs: 1_000, capMs: 30_000 }

const MOVES: Moves<'opening' | 'writable' | 'behind' | 'broken' | 'closed'> = {
  opening: ['writable', 'broken', 'closed'],
  writable: ['behind', 'broken', 'closed'],
  behind: ['writable', 'broken', 'closed'],
  broken: ['writable', 'closed'],
  closed: [],
}

/**
 * The state of the journal, in memory and in a file. The file grows with each entry; when it has doubled, a rewrite
 * shortens it to the entries that still matter.
 * `opening`: before the first rewrite · `writable`: entries go to the file · `behind`: entries go to the file, but a
 * rewrite hangs and the entries that it still needs fill the memory; ends with the rewrite · `broken`: entries stay in
 * memory, and a rewrite is tried again until one succeeds · `closed`: for good.
 * While it is `behind` or `broken` the worker takes no tasks. The results of tasks that it has are delivered all the same.
 */
export class JournalStore implements JournalFileOwner {
  readonly state: JournalState
  readonly #folder: StateFolder
  readonly #owner: FolderOwner
  readonly #log: Logger
  readonly #wake: Wake
  readonly #file: JournalFile<JournalEntry>
  readonly #mode = new States('The journal', 'opening', MOVES)
  #isOwnerWritten = false
  #trouble: string | undefined
  #healing: Timer | undefined
  #failures = 0
  #rewriting: Promise<void> | undefined
  /** The length of the file that triggers the next rewrite, in bytes. */
  #rewriteFrom = REWRITE_FROM_BYTES

  constructor(folder: StateFolder, owner: FolderOwner, syncs: boolean, log: Logger, wake: Wake) {
    this.state = folder.left.state
    this.#folder = folder
    this.#owner = owner
    this.#log = log
    this.#wake = wake
    this.#file = new JournalFile(folder.journalPath, syncs, encodeEntries, this)
  }

  /** Why the worker must not take tasks; `undefined`: it may. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  /** The length of the file in bytes, and how many writes have made it. */
  get size(): { readonly bytes: number; readonly writes: number } {
    return { bytes: this.#file.length, writes: this.#file.writes }
  }

  /** Whether new entries survive this process. */
  get isWritable(): boolean {
    return this.#mode.now === 'writable' || this.#mode.now === 'behind'
  }

  /** Replaces the file of the predecessor. Never rejects: a file that cannot be written is tried again. */
  async open(): Promise<void> {
    await this.#rewrite().catch((error: unknown) => this.fileBroke(error as Error))
  }

  /** @param then - called when the entry is written, or cannot be written */
  add(entry: JournalEntry, then: () => void, when?: 'soon' | 'at rest'): void {
    this.state.apply(entry)
    this.#file.append(entry, then, when)
    if (this.#file.length > this.#rewriteFrom) this.#shorten()
    else if (this.#file.backlogLength > LONGEST_BACKLOG) this.#fallBehind()
  }

  /**
   * Takes the tasks of another worker if they can be written. Must not run while a rewrite may begin: that would miss
   * the tasks.
   */
  async adopt(tasks: readonly OpenTask[]): Promise<boolean> {
    for (const task of tasks) this.#file.append(task, nothing)
    await this.#file.flushed()
    if (!this.isWritable) return false
    for (const task of tasks) this.state.apply(task)
    return true
  }

  /** Writes the remaining entries. */
  async close(): Promise<void> {
    this.#mode.move('closed')
    this.#healing?.cancel()
    await this.#rewriting?.catch(nothing)
    await this.#file.close()
  }

  fileBroke(error: Error): void {
    const fields = { folder: this.#folder.path, err: error }
    if (this.#mode.now === 'closed') {
      this.#log.error(
        fields,
        'Last entries of the journal not written: the next start may send results again',
      )
      return
    }
    if (this.#failures === 0)
      this.#log.error(
        fields,
        'Journal not writable: the worker takes no tasks until it can write again. Running tasks and their results stay in memory. Check the disk of WORKER_STATE_DIR',
      )
    if (this.#mode.now !== 'broken') this.#mode.move('broken')
    this.#setTrouble(`the journal cannot be written: ${error.message}`)
    this.#healLater()
  }

  #shorten(): void {
    if (this.#mode.now !== 'writable') return
    this.#rewrite().catch((error: unknown) => {
      this.#log.warn({ folder: this.#folder.path, err: error }, 'Journal not shortened; trying again later')
      // The failed rewrite needs its backlog no longer.
      if (this.#mode.now === 'behind') this.#writable()
    })
  }

  #fallBehind(): void {
    if (this.#mode.now !== 'writable') return
    this.#mode.move('behind')
    this.#setTrouble('the journal is being shortened, and the disk does not keep up')
    this.#log.error(
      { folder: this.#folder.path },
      'Shortening the journal takes too long: the worker takes no tasks until it is done. Check the disk',
    )
  }

  /** Joins a rewrite that is under way: if the disk hangs, each rewrite would block one more thread of the pool. */
  #rewrite(): Promise<void> {
    this.#rewriting ??= this.#rewriteFile().finally(() => {
      this.#rewriting = undefined
    })
    return this.#rewriting
  }

  async #rewriteFile(): Promise<void> {
    this.#rewriteFrom = Number.POSITIVE_INFINITY
    try {
      await this.#file.rewrite(linesOf(this.state.entries))
      await this.#writeOwner()
    } finally {
      this.#rewriteFrom = Math.max(REWRITE_FROM_BYTES, 2 * this.#file.length)
    }
    // An entry that came since may have found the new file broken, too.
    if (this.#file.isWritable && this.#mode.now !== 'closed') this.#writable()
  }

  /** Without its owner no other worker would adopt the folder. */
  async #writeOwner(): Promise<void> {
    if (this.#isOwnerWritten) return
    await writeOwner(this.#folder.path, this.#owner)
    this.#isOwnerWritten = true
  }

  #writable(): void {
    if (this.#mode.now === 'writable') return
    this.#mode.move('writable')
    this.#healing?.cancel()
    this.#failures = 0
    if (this.#trouble === undefined) return
    this.#log.info({ folder: this.#folder.path }, 'Journal writable again: the worker takes tasks')
    this.#setTrouble(undefined)
  }

  #setTrouble(trouble: string | undefined): void {
    this.#trouble = trouble
    this.#wake.trigger()
  }

  #healLater(): void {
    if (this.#mode.now !== 'broken') return
    this.#failures++
    this.#healing?.cancel()
    this.#healing = after(
      fullJitter(HEAL_BACKOFF, this.#failures, 1),
      () => void this.#rewrite().catch(() => this.#healLater()),
    )
  }
}

const nothing = (): void => {}

function* linesOf(entries: readonly JournalEntry[]): Generator<string> {
  for (const entry of entries) yield encodeEntries([entry])
}
