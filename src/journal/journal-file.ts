import { constants, fdatasyncSync, ftruncateSync, renameSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isTrustedOwner } from '../utils/directories/own-directory.js'
import { after, afterMicrotasks, nextTurn } from '../utils/time.js'
import { syncFile, syncFolder, writeLines, writeWhole } from './folder/write-whole.js'

/** The owner of a journal file. */
export interface JournalFileOwner {
  /** The file cannot be written any more: it drops all lines until {@link JournalFile.rewrite} succeeds. */
  fileBroke(error: Error): void
}

/** The flag `w`, which does not follow a link that somebody else has placed. */
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | (constants.O_NOFOLLOW ?? 0)

/** After this time without an answer of the disk, results go out without waiting for the disk any longer. */
const SYNC_DEADLINE_MS = 10_000

/**
 * An append-only file. Lines are written in groups. A group is all lines of one turn of the event loop, or all lines
 * that come while the disk syncs the previous group. A write is synchronous and goes to the system's cache: a write
 * through the thread pool takes ten times as long.
 */
export class JournalFile {
  readonly #path: string
  readonly #syncs: boolean
  readonly #owner: JournalFileOwner
  #handle: FileHandle | undefined
  #length = 0
  #group = new Group()
  /** The group that the disk syncs at present. */
  #syncing: Group | undefined
  #scheduled: 'no' | 'soon' | 'at rest' = 'no'
  /** The lines that were appended since a rewrite began: the new file needs them, too. */
  #backlog: string[] | undefined
  #backlogLength = 0

  /** @param syncs - whether a line counts as written only after the disk has it, not just the system's cache */
  constructor(path: string, syncs: boolean, owner: JournalFileOwner) {
    this.#path = path
    this.#syncs = syncs
    this.#owner = owner
  }

  /** The length of the file, in bytes. */
  get length(): number {
    return this.#length
  }

  /** The memory that the lines since the beginning of a rewrite take, in characters; 0 without a rewrite. */
  get backlogLength(): number {
    return this.#backlogLength
  }

  /** Whether appended lines reach the file. */
  get isWritable(): boolean {
    return this.#handle !== undefined
  }

  /**
   * Appends a line. Takes a callback and returns no promise, because thousands of tasks a second append three lines each.
   *
   * @param then - called when the line is written (and synced, if the file syncs), or when it cannot be written
   * @param when - `soon`: at the end of this turn of the event loop, because more lines may come · `at rest`: earlier, as
   * soon as the running microtasks are done; a result that waited for the end of the turn would delay the next task
   */
  append(line: string, then: () => void, when: 'soon' | 'at rest' = 'soon'): void {
    if (this.#backlog) {
      this.#backlog.push(line)
      this.#backlogLength += line.length
    }
    if (!this.#handle) {
      then()
      return
    }
    this.#group.add(line, then)
    this.#schedule(when)
  }

  /**
   * Replaces the file by a new one with `lines`, followed by the lines that are appended meanwhile. The old file stays
   * complete and in use until the new one is complete.
   *
   * @throws Error of the file system; the old file then stays in use if it was
   */
  async rewrite(lines: Iterable<string>): Promise<void> {
    const path = `${this.#path}.new`
    this.#backlog = []
    let handle: FileHandle | undefined
    try {
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

  /** Resolves when every line that was appended is written, or cannot be written. */
  flushed(): Promise<void> {
    const last = this.#group.isEmpty ? this.#syncing : this.#group
    return new Promise((resolve) => (last ? last.add('', resolve) : resolve()))
  }

  /** Writes the remaining lines and closes the file. */
  async close(): Promise<void> {
    await this.flushed()
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** Synchronous up to the new name: a line that came in between would be in the old file only. */
  async #replace(handle: FileHandle, path: string, length: number): Promise<void> {
    const newLength = length + writeWhole(handle.fd, (this.#backlog ?? []).join(''))
    if (this.#syncs) fdatasyncSync(handle.fd)
    renameSync(path, this.#path)
    this.#length = newLength
    this.#dropBacklog()
    this.#group.dropLines()
    const old = this.#handle
    this.#handle = handle
    await old?.close().catch(() => {})
    await syncFolder(dirname(this.#path))
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
    this.#write(group.text)
    if (this.#syncs) void this.#sync(group)
    else group.done()
  }

  #write(text: string): void {
    const handle = this.#handle
    if (!handle) return
    try {
      this.#length += writeWhole(handle.fd, text)
    } catch (error) {
      cutTo(handle.fd, this.#length)
      this.#break(handle, error as Error)
    }
  }

  async #sync(group: Group): Promise<void> {
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
  #synced(group: Group, handle: FileHandle | undefined, failure: Error | undefined): void {
    if (this.#syncing !== group) return
    // After a rewrite the lines are in another file, and an error of the old one does not matter.
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

/** Lines that are written together, and the callbacks that wait for them. */
class Group {
  #text = ''
  readonly #waiting: (() => void)[] = []

  get text(): string {
    return this.#text
  }

  /** Whether no callback waits for the group. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(line: string, then: () => void): void {
    this.#text += line
    this.#waiting.push(then)
  }

  /** Another file has the lines already; the callbacks still wait. */
  dropLines(): void {
    this.#text = ''
  }

  /** The lines are written, or cannot be written. */
  done(): void {
    for (const then of this.#waiting) then()
  }
}
