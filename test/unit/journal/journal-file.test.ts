import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { JournalFile } from '../../../src/journal/journal-file.js'
import { JournalState } from '../../../src/journal/journal-state.js'
import { encodeEntries } from '../../../src/journal/record.js'
import { replay } from '../../../src/journal/replay.js'
import { fullDisk, hangingDisk } from '../../support/failing-disk.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { anyEntry } from './arbitrary-entries.js'

/** The entries of most tests are lines. */
const joined = (lines: readonly string[]) => lines.join('')

const fileIn = async (folder: string, syncs = false) => {
  const path = join(folder, 'journal.log')
  const errors: Error[] = []
  const file = new JournalFile<string>(path, syncs, joined, { fileBroke: (error) => errors.push(error) })
  await file.rewrite([])
  onTestFinished(() => file.close())
  return { file, path, errors, text: () => readFileSync(path, 'utf8') }
}

const appended = <Entry>(file: JournalFile<Entry>, entry: Entry, when?: 'at rest'): Promise<void> =>
  new Promise((resolve) => file.append(entry, resolve, when))

describe.each([[false], [true]])('a journal file with syncs=%s', (syncs) => {
  test('writes all lines of a turn together, at the end of the turn', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    const written = appended(file, 'one\n')
    file.append('two\n', () => {})
    expect(text()).toBe('')
    await written
    expect(text()).toBe('one\ntwo\n')
    expect(file.length).toBe(8)
  })

  test('writes a line `at rest`, and all lines before it, within the same turn', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    const nextTurn = new Promise<string>((resolve) => setImmediate(() => resolve(text())))
    void appended(file, 'one\n')
    void appended(file, 'two\n', 'at rest')
    void Promise.resolve().then(() => appended(file, 'three\n', 'at rest'))
    const afterMicrotasks = new Promise<string>((resolve) => process.nextTick(() => resolve(text())))
    expect([await afterMicrotasks, await nextTurn]).toEqual(['one\ntwo\nthree\n', 'one\ntwo\nthree\n'])
  })

  test('writes lines that come while a group is being written as the next group', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    const first = appended(file, 'one\n')
    await first.then(() => Promise.all([appended(file, 'two\n'), appended(file, 'three\n')]))
    expect(text()).toBe('one\ntwo\nthree\n')
  })

  test('writes all lines before it closes, and none later', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    void appended(file, 'one\n')
    await file.close()
    expect(text()).toBe('one\n')
    await appended(file, 'too late\n')
    expect(text()).toBe('one\n')
  })

  test('is rewritten with the lines that are appended meanwhile', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    await appended(file, 'old\n')
    const pending = appended(file, 'in the snapshot\n')
    const rewriting = file.rewrite(['in the snapshot\n', ...new Array(40_000).fill('copied\n')])
    const meanwhile = appended(file, 'meanwhile\n')
    // The line is written now. Its sync may take longer than the whole rewrite.
    await new Promise((resolve) => setImmediate(resolve))
    expect(file.backlogLength).toBe('meanwhile\n'.length)
    await Promise.all([pending, meanwhile, rewriting])
    await appended(file, 'after\n')
    const lines = text().split('\n')
    expect([lines[0], lines.length, ...lines.slice(-4)]).toEqual([
      'in the snapshot',
      40_004,
      'copied',
      'meanwhile',
      'after',
      '',
    ])
    expect(file.length).toBe(Buffer.byteLength(text()))
    expect(file.backlogLength).toBe(0)
  })
})

describe('a journal file on a bad disk', () => {
  test('keeps the old file in use when a rewrite cannot begin', async () => {
    const folder = temporaryFolder()
    const { file, text } = await fileIn(folder)
    await appended(file, 'one\n')
    await mkdir(join(folder, 'journal.log.new'))
    await expect(file.rewrite(['two\n'])).rejects.toThrow('EISDIR')
    await appended(file, 'three\n')
    expect(text()).toBe('one\nthree\n')
    expect(file.backlogLength).toBe(0)
  })

  test('breaks during a rewrite: the new file has the entries that the old file could not take', async () => {
    const { file, text } = await fileIn(temporaryFolder())
    const rewriting = file.rewrite(new Array(40_000).fill('copied\n'))
    const heal = fullDisk()
    await appended(file, 'refused\n')
    heal()
    expect(file.isWritable).toBe(false)
    await appended(file, 'without a file\n')
    await rewriting
    expect(text().split('\n').slice(-4)).toEqual(['copied', 'refused', 'without a file', ''])
  })

  test('knows the length of the old file when the new file cannot take its name', async () => {
    const { file, path } = await fileIn(temporaryFolder())
    await appended(file, 'one\n')
    rmSync(path)
    mkdirSync(path)
    await expect(file.rewrite([])).rejects.toThrow('EISDIR')
    expect(file.length).toBe(4)
  })

  test('breaks at a write that fails, and calls back for all lines', async () => {
    const { file, errors, text } = await fileIn(temporaryFolder())
    await appended(file, 'one\n')
    const heal = fullDisk()
    await Promise.all([appended(file, 'two\n'), appended(file, 'three\n')])
    expect(errors).toMatchObject([{ message: expect.stringContaining('ENOSPC') }])
    expect(file.isWritable).toBe(false)
    heal()
    await appended(file, 'four\n')
    expect(text()).toBe('one\n')
    await file.rewrite(['five\n'])
    expect(file.isWritable).toBe(true)
    await appended(file, 'six\n')
    expect(text()).toBe('five\nsix\n')
  })

  test('breaks when the disk has not answered a sync for 10 s, and not earlier', async () => {
    const { file, errors } = await fileIn(temporaryFolder(), true)
    const heal = hangingDisk()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let written = 0
    file.append('one\n', () => written++)
    await new Promise((resolve) => setImmediate(resolve))
    file.append('two\n', () => written++)
    await vi.advanceTimersByTimeAsync(9_999)
    expect({ errors, written }).toEqual({ errors: [], written: 0 })
    await vi.advanceTimersByTimeAsync(1)
    expect(errors).toMatchObject([{ message: 'the disk has not answered for 10 s' }])
    expect({ written, isWritable: file.isWritable }).toEqual({ written: 2, isWritable: false })
    heal()
    await file.rewrite([])
    expect(errors).toHaveLength(1)
  })

  test('leaves no timer when the disk answers', async () => {
    const { file, errors } = await fileIn(temporaryFolder(), true)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await appended(file, 'one\n')
    expect(vi.getTimerCount()).toBe(0)
    expect(errors).toEqual([])
  })
})

/** Appends and rewrites in any order; at `crash` the file is read in the state that a crash would leave. */
const operations = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), entry: anyEntry }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'rewrite' as const }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'wait' as const }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'crash' as const }) },
  ),
  { maxLength: 40 },
)

/** The shortest entries with the same state. */
const shortest = (entries: readonly JournalEntry[]) => {
  const state = new JournalState()
  for (const entry of entries) state.apply(entry)
  return state.entries
}

const line = (entry: JournalEntry) => encodeEntries([entry])

/** A file, the entries that were appended to it, and how many of them the file has confirmed. */
class Trial {
  readonly appended: JournalEntry[] = []
  readonly #path: string
  readonly #file: JournalFile<JournalEntry>
  #confirmed = 0
  #rewriting: Promise<void> | undefined
  #last: Promise<void> | undefined

  constructor(path: string, syncs: boolean) {
    this.#path = path
    this.#file = new JournalFile(path, syncs, encodeEntries, {
      fileBroke: (error) => expect.unreachable(error.message),
    })
  }

  begin(): Promise<void> {
    return this.#file.rewrite([])
  }

  append(entry: JournalEntry): void {
    const count = this.appended.push(entry)
    this.#last = appended(this.#file, entry).then(() => {
      this.#confirmed = count
    })
  }

  rewrite(): void {
    this.#rewriting ??= this.#file.rewrite(shortest(this.appended).map(line)).finally(() => {
      this.#rewriting = undefined
    })
  }

  async wait(): Promise<void> {
    await this.#last
  }

  /** The file must have the state of the first n entries, where n is at least the number of confirmed entries. */
  crash(): void {
    const possible = [[], ...this.appended.map((_, index) => this.appended.slice(0, index + 1))].slice(
      this.#confirmed,
    )
    expect(possible.map(shortest)).toContainEqual(this.found())
  }

  found(): readonly JournalEntry[] {
    return replay(readFileSync(this.#path)).state.entries
  }

  async end(): Promise<void> {
    await this.#rewriting
    await this.#file.close()
  }
}

test('in any order of operations, a crash leaves all confirmed entries, and no entry without its predecessors', async () => {
  const path = join(temporaryFolder(), 'journal.log')
  await fc.assert(
    fc.asyncProperty(operations, fc.boolean(), async (steps, syncs) => {
      const trial = new Trial(path, syncs)
      await trial.begin()
      for (const step of steps) {
        if (step.kind === 'append') trial.append(step.entry)
        else await trial[step.kind]()
      }
      await trial.end()
      expect(trial.found()).toEqual(shortest(trial.appended))
      expect(existsSync(`${path}.new`)).toBe(false)
    }),
    { numRuns: 60 },
  )
})
