import { fdatasyncSync, ftruncateSync, renameSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { afterMicrotasks, nextTurn } from '../utils/time.js'
import { syncFolder, writeLines, writeWhole } from './folder/write-whole.js'

export interface JournalFileOptions {
  readonly path: string
  /** Whether a line counts as written only once the disk has it, not the system's cache. */
  readonly syncs: boolean
  /** Lines can no longer be written; they are let go until {@link JournalFile.rewrite} succeeds. */
  readonly onBroken: (error: Error) => void
}

/**
 * An append-only file. Lines go in groups, a write each, straight into the system's cache: a write that goes through
 * the thread pool takes ten times as long. A group is what comes in one turn of the event loop, or while the disk is
 * waited for.
 */
export class JournalFile {
  readonly #options: JournalFileOptions
  #handle: FileHandle | undefined
  #length = 0
  #group = new Group()
  /** What waits for the disk. */
  #underWay: Group | undefined
  #due: 'later' | 'soon' | 'at rest' = 'later'
  /** The lines that have come since a rewriting began. */
  #meanwhile: string[] | undefined

  constructor(options: JournalFileOptions) {
    this.#options = options
  }

  /** How long the file is, in bytes. */
  get length(): number {
    return this.#length
  }

  get isRewriting(): boolean {
    return this.#meanwhile !== undefined
  }

  /**
   * Puts a line at the end. Called back, and not promised: thousands of tasks a second have three lines each.
   *
   * @param then - called when the line is as safe as was asked for, or cannot be
   * @param when - `soon`: at the end of this turn of the event loop, in which more may come · `at rest`: before that, as
   * soon as what runs now is over: a result that waited for the turn would cost the next task one of its own
   */
  append(line: string, then: () => void, when: 'soon' | 'at rest' = 'soon'): void {
    this.#meanwhile?.push(line)
    if (!this.#handle) {
      then()
      return
    }
    this.#group.add(line, then)
    this.#schedule(when)
  }

  /**
   * Puts a new file in the place of the old one: `lines`, and after them what is appended meanwhile. The old file stays
   * whole until the new one is.
   *
   * @throws Error of the file system; the old file is still there then, and in use if it was
   */
  async rewrite(lines: Iterable<string>): Promise<void> {
    const path = `${this.#options.path}.new`
    this.#meanwhile = []
    let handle: FileHandle | undefined
    try {
      handle = await open(path, 'w', 0o600)
      const length = await writeLines(handle, lines)
      await handle.datasync()
      await this.#replace(handle, path, length)
    } catch (error) {
      this.#meanwhile = undefined
      await handle?.close().catch(() => {})
      await rm(path, { force: true }).catch(() => {})
      throw error
    }
  }

  /** Resolves when every line that was appended is written, or cannot be. */
  flushed(): Promise<void> {
    const last = this.#group.isEmpty ? this.#underWay : this.#group
    return new Promise((resolve) => (last ? last.add('', resolve) : resolve()))
  }

  /** Writes what is left and lets go of the file. */
  async close(): Promise<void> {
    await this.flushed()
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close()
  }

  /** All in one go up to the new name, so that no line can come in between. */
  async #replace(handle: FileHandle, path: string, length: number): Promise<void> {
    this.#length = length + writeWhole(handle.fd, (this.#meanwhile ?? []).join(''))
    if (this.#options.syncs) fdatasyncSync(handle.fd)
    renameSync(path, this.#options.path)
    this.#meanwhile = undefined
    this.#group.clear()
    const old = this.#handle
    this.#handle = handle
    await old?.close().catch(() => {})
    await syncFolder(dirname(this.#options.path))
  }

  #schedule(when: 'soon' | 'at rest'): void {
    if (this.#due === 'at rest' || this.#due === when) return
    this.#due = when
    if (when === 'soon') nextTurn(this.#flush)
    else afterMicrotasks(this.#flush)
  }

  readonly #flush = (): void => {
    this.#due = 'later'
    if (this.#underWay || this.#group.isEmpty) return
    const group = this.#group
    this.#group = new Group()
    this.#write(group.text)
    if (this.#options.syncs) void this.#sync(group)
    else group.done()
  }

  #write(text: string): void {
    if (!this.#handle) return
    try {
      this.#length += writeWhole(this.#handle.fd, text)
    } catch (error) {
      this.#break(this.#handle, error as Error)
    }
  }

  async #sync(group: Group): Promise<void> {
    const handle = this.#handle
    this.#underWay = group
    try {
      await handle?.datasync()
    } catch (error) {
      if (handle && handle === this.#handle) this.#break(handle, error as Error)
    }
    this.#underWay = undefined
    group.done()
    this.#flush()
  }

  #break(handle: FileHandle, error: Error): void {
    this.#handle = undefined
    try {
      ftruncateSync(handle.fd, this.#length)
    } catch {
      // Half a line stays at the end: whoever replays the file skips it.
    }
    void handle.close().catch(() => {})
    this.#options.onBroken(error)
  }
}

/** Lines that are written together, and what is to be done then. */
class Group {
  #text = ''
  readonly #then: (() => void)[] = []

  get text(): string {
    return this.#text
  }

  /** Whether nobody waits for it. */
  get isEmpty(): boolean {
    return this.#then.length === 0
  }

  /** @param then - see {@link Group.done} */
  add(line: string, then: () => void): void {
    this.#text += line
    this.#then.push(then)
  }

  /** Its lines have been written elsewhere; those who wait still do. */
  clear(): void {
    this.#text = ''
  }

  /** They are written, or cannot be. */
  done(): void {
    for (const then of this.#then) then()
  }
}
