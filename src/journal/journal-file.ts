import { constants, fdatasyncSync, ftruncateSync, renameSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isTrustedOwner } from '../utils/directories/own-directory.js'
import { after, afterMicrotasks, nextTurn } from '../utils/time.js'
import { syncFile, syncFolder, writeLines, writeWhole } from './folder/write-whole.js'

/** The owner of a journal file. */
export interface JournalFileOwner {
  /** The file cannot be written any more: it drops all entries until {@link JournalFile.rewrite} succeeds. */
  fileBroke(error: Error): void
}

/** The flag `w`, which does not follow a link that somebody else has placed. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0)

/** After this time without an answer of the disk, results go out without waiting for the disk any longer. */
const SYNC_DEADLINE_MS = 10_000

/** Returns the text of a group of entries. */
export type Encode<Entry> = (entries: readonly Entry[]) => string

/**
 * An append-only file. Entries are written in groups. A group is all entries of one turn of the event loop, or all entries
 * that come while the disk syncs the previous group. A write is synchronous and goes to the system's cache: a write
 * through the thread pool takes ten times as long.
 */
export class JournalFile<Entry> {
  readonly #path: string
  readonly #syncs: boolean
  readonly #encode: Encode<Entry>
  readonly #owner: JournalFileOwner
  #handle: FileHandle | undefined
  #length = 0
  #writes = 0
  #group = new Group<Entry>()
  /** The group that the disk syncs at present. */
  #syncing: Group<Entry> | undefined
  #scheduled: 'no' | 'soon' | 'at rest' = 'no'
  /** The text of the entries that were appended since a rewrite began: the new file needs it, too. */
  #backlog: string[] | undefined
  #backlogLength = 0

  /** @param syncs - whether an entry counts as written only after the disk has it, not just the system's cache */
  constructor(path: string, syncs: boolean, encode: Encode<Entry>, owner: JournalFileOwner) {
    this.#path = path
    this.#syncs = syncs
    this.#encode = encode
    this.#owner = owner
  }

  /** The length of the file, in bytes. */
  get length(): number {
    return this.#length
  }

  /** How many groups of entries were written. */
  get writes(): number {
    return this.#writes
  }

  /** The memory that the entries since the beginning of a rewrite take, in characters; 0 without a rewrite. */
  get backlogLength(): number {
    return this.#backlogLength
  }

  /** Whether appended entries reach the file. */
  get isWritable(): boolean {
    return this.#handle !== undefined
  }

  /**
   * Appends an entry. Takes a callback and returns no promise, because thousands of tasks a second append three entries each.
   *
   * @param then - called when the entry is written (and synced, if the file syncs), or when it cannot be written
   * @param when - `soon`: at the end of this turn of the event loop, because more entries may come · `at rest`: earlier, as
   * soon as the running microtasks are done; a result that waited for the end of the turn would delay the next task
   */
  append(entry: Entry, then: () => void, when: 'soon' | 'at rest' = 'soon'): void {
    if (this.#handle) {
      this.#group.add(entry, then)
      this.#schedule(when)
      return
    }
    if (this.#backlog) this.#keepForRewrite(this.#encode([entry]))
    then()
  }

  /**
   * Replaces the file by a new one with `lines`, followed by the entries that are appended meanwhile. The old file stays
   * complete and in use until the new one is complete.
   *
   * @throws Error of the file system; the old file then stays in use if it was
   */
  async rewrite(lines: Iterable<string>): Promise<void> {
    const path = `${this.#path}.new`
    let handle: FileHandle | undefined
    try {
      // The lines have these entries already.
      this.#group.seal(this.#encode)
      this.#backlog = []
      handle = await open(path, NEW_FILE, 0o600)
      if (!isTrustedOwner((await handle.stat()).uid)) throw new Error(`${path} belongs to another user`)
      const length = await writeLines(handle, lines)
      await syncFile(handle)
      await this.#replace(handle, path, length)
    } catch (error) {
      this.#dropBacklog()
      await handle?.close().catch(() => {})
      await rm(path, { force: true }).catch(() => {})
      throw error
    }
  }

  /** Resolves when every entry that was appended is written, or cannot be written. */
  flushed(): Promise<void> {
    const last = this.#group.isEmpty ? this.#syncing : this.#group
    return new Promise((resolve) => (last ? last.waitFor(resolve) : resolve()))
  }

  /** Writes the remaining entries and closes the file. */
  async close(): Promise<void> {
    await this.flushed()
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** Synchronous up to the new name: an entry that came in between would be in the old file only. */
  async #replace(handle: FileHandle, path: string, length: number): Promise<void> {
    this.#keepForRewrite(this.#group.takeEntries(this.#encode))
    const newLength = length + writeWhole(handle.fd, (this.#backlog ?? []).join(''))
    if (this.#syncs) fdatasyncSync(handle.fd)
    renameSync(path, this.#path)
    this.#length = newLength
    this.#dropBacklog()
    this.#group.dropText()
    const old = this.#handle
    this.#handle = handle
    await old?.close().catch(() => {})
    await syncFolder(dirname(this.#path))
  }

  #keepForRewrite(text: string): void {
    if (!this.#backlog) return
    this.#backlog.push(text)
    this.#backlogLength += text.length
  }

  #dropBacklog(): void {
    this.#backlog = undefined
    this.#backlogLength = 0
  }

  #schedule(when: 'soon' | 'at rest'): void {
    if (this.#scheduled === 'at rest' || this.#scheduled === when) return
    this.#scheduled = when
    if (when === 'soon') nextTurn(this.#flush)
    else afterMicrotasks(this.#flush)
  }

  readonly #flush = (): void => {
    this.#scheduled = 'no'
    if (this.#syncing || this.#group.isEmpty) return
    const group = this.#group
    this.#group = new Group()
    this.#write(group)
    if (this.#syncs) void this.#sync(group)
    else group.done()
  }

  #write(group: Group<Entry>): void {
    const handle = this.#handle
    if (!handle && !this.#backlog) return
    const text = group.takeEntries(this.#encode)
    this.#keepForRewrite(text)
    if (!handle) return
    this.#writes++
    try {
      this.#length += writeWhole(handle.fd, group.text + text)
    } catch (error) {
      cutTo(handle.fd, this.#length)
      this.#break(handle, error as Error)
    }
  }

  async #sync(group: Group<Entry>): Promise<void> {
    const handle = this.#handle
    this.#syncing = group
    const late = after(SYNC_DEADLINE_MS, () => this.#synced(group, handle, noAnswer()))
    let failure: Error | undefined
    try {
      if (handle) await syncFile(handle)
    } catch (error) {
      failure = error as Error
    }
    late.cancel()
    this.#synced(group, handle, failure)
  }

  /** Does nothing for a group that the deadline has ended already. */
  #synced(group: Group<Entry>, handle: FileHandle | undefined, failure: Error | undefined): void {
    if (this.#syncing !== group) return
    // After a rewrite the entries are in another file, and an error of the old one does not matter.
    if (failure && handle && handle === this.#handle) this.#break(handle, failure)
    this.#syncing = undefined
    group.done()
    this.#flush()
  }

  #break(handle: FileHandle, error: Error): void {
    this.#handle = undefined
    void handle.close().catch(() => {})
    this.#owner.fileBroke(error)
  }
}

const noAnswer = (): Error => new Error(`the disk has not answered for ${SYNC_DEADLINE_MS / 1_000} s`)

/** Removes half a line from the end of the file. If this fails, replay skips the half line. */
const cutTo = (fd: number, length: number): void => {
  try {
    ftruncateSync(fd, length)
  } catch {
    // The error that came before is reported.
  }
}

/** Entries that are written together, and the callbacks that wait for them. */
class Group<Entry> {
  #text = ''
  #entries: Entry[] = []
  readonly #waiting: (() => void)[] = []

  /** The text of entries that a rewrite has found in the group. */
  get text(): string {
    return this.#text
  }

  /** Whether no callback waits for the group. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(entry: Entry, then: () => void): void {
    this.#entries.push(entry)
    this.#waiting.push(then)
  }

  waitFor(then: () => void): void {
    this.#waiting.push(then)
  }

  /** Removes the entries that have no text yet, and returns their text. */
  takeEntries(encode: Encode<Entry>): string {
    if (this.#entries.length === 0) return ''
    const text = encode(this.#entries)
    this.#entries = []
    return text
  }

  /** Turns the entries so far into text, apart from those that come later. */
  seal(encode: Encode<Entry>): void {
    this.#text += this.takeEntries(encode)
  }

  /** Another file has the entries already; the callbacks still wait. */
  dropText(): void {
    this.#text = ''
  }

  /** The entries are written, or cannot be written. */
  done(): void {
    for (const then of this.#waiting) then()
  }
}
