import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { JournalFile } from '../../../src/journal/journal-file.js'
import { JournalState } from '../../../src/journal/journal-state.js'
import { encodeEntry } from '../../../src/journal/record.js'
import { replay } from '../../../src/journal/replay.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { anyEntry } from './arbitrary-entries.js'

const fileIn = async (folder: string, syncs = false) => {
  const path = join(folder, 'journal.log')
  const broken: Error[] = []
  const file = new JournalFile({ path, syncs, onBroken: (error) => broken.push(error) })
  await file.rewrite([])
  onTestFinished(() => file.close())
  return { file, path, broken, text: () => readFileSync(path, 'utf8') }
}

const appended = (file: JournalFile, line: string, when?: 'at rest'): Promise<void> =>
  new Promise((resolve) => file.append(line, resolve, when))

describe.each([[false], [true]])('a journal file that syncs: %s', (syncs) => {
  test('has a line once its promise says so, and not in the turn that brought it', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    const written = appended(file, 'one\n')
    file.append('two\n', () => {})
    expect(text()).toBe('')
    await written
    expect(text()).toBe('one\ntwo\n')
    expect(file.length).toBe(8)
  })

  test('writes at rest what waits for that, and all that came before, without another turn of the event loop', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    const turned = new Promise<string>((resolve) => setImmediate(() => resolve(text())))
    void appended(file, 'one\n')
    void appended(file, 'two\n', 'at rest')
    void Promise.resolve().then(() => appended(file, 'three\n', 'at rest'))
    const rested = new Promise<string>((resolve) => process.nextTick(() => resolve(text())))
    expect([await rested, await turned]).toEqual(['one\ntwo\nthree\n', 'one\ntwo\nthree\n'])
  })

  test('gathers what comes while a group is under way', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    const first = appended(file, 'one\n')
    await first.then(() => Promise.all([appended(file, 'two\n'), appended(file, 'three\n')]))
    expect(text()).toBe('one\ntwo\nthree\n')
  })

  test('has everything when it is closed', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    void appended(file, 'one\n')
    await file.close()
    expect(text()).toBe('one\n')
    await appended(file, 'too late\n')
    expect(text()).toBe('one\n')
  })

  test('is rewritten with what comes meanwhile', async () => {
    const { file, text } = await fileIn(temporaryFolder(), syncs)
    await appended(file, 'old\n')
    const pending = appended(file, 'in the snapshot\n')
    const rewriting = file.rewrite(['in the snapshot\n', ...new Array(40_000).fill('copied\n')])
    await pending
    const meanwhile = appended(file, 'meanwhile\n')
    await rewriting
    await meanwhile
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
  })
})

describe('a journal file that cannot be written', () => {
  test('stays as it was when rewriting it fails', async () => {
    const folder = temporaryFolder()
    const { file, text } = await fileIn(folder)
    await appended(file, 'one\n')
    await mkdir(join(folder, 'journal.log.new'))
    await expect(file.rewrite(['two\n'])).rejects.toThrow('EISDIR')
    await appended(file, 'three\n')
    expect(text()).toBe('one\nthree\n')
    expect(file.isRewriting).toBe(false)
  })
})

/** Appends and rewritings in any order; at a `crash` the file is looked at as a crash would leave it. */
const operations = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), entry: anyEntry }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'rewrite' as const }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'wait' as const }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'crash' as const }) },
  ),
  { maxLength: 40 },
)

const stateOf = (entries: readonly JournalEntry[]) => {
  const state = new JournalState()
  for (const entry of entries) state.apply(entry)
  return state.entries
}

/** A file, what was appended to it, and how much of that was promised to be there. */
class Trial {
  readonly noted: JournalEntry[] = []
  readonly #path: string
  readonly #file: JournalFile
  #promised = 0
  #rewriting: Promise<void> | undefined
  #last: Promise<void> | undefined

  constructor(path: string, syncs: boolean) {
    this.#path = path
    this.#file = new JournalFile({ path, syncs, onBroken: (error) => expect.unreachable(error.message) })
  }

  begin(): Promise<void> {
    return this.#file.rewrite([])
  }

  append(entry: JournalEntry): void {
    const count = this.noted.push(entry)
    this.#last = appended(this.#file, encodeEntry(entry)).then(() => {
      this.#promised = count
    })
  }

  rewrite(): void {
    this.#rewriting ??= this.#file.rewrite(stateOf(this.noted).map(encodeEntry)).finally(() => {
      this.#rewriting = undefined
    })
  }

  async wait(): Promise<void> {
    await this.#last
  }

  /** What the file says is what some first entries say, and no fewer than were promised. */
  crash(): void {
    const possible = [[], ...this.noted.map((_, index) => this.noted.slice(0, index + 1))].slice(
      this.#promised,
    )
    expect(possible.map(stateOf)).toContainEqual(this.found())
  }

  found(): readonly JournalEntry[] {
    return replay(readFileSync(this.#path)).state.entries
  }

  async end(): Promise<void> {
    await this.#rewriting
    await this.#file.close()
  }
}

test('in whatever order things happen, a crash leaves all that was promised, and nothing out of order', async () => {
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
      expect(trial.found()).toEqual(stateOf(trial.noted))
      expect(existsSync(`${path}.new`)).toBe(false)
    }),
    { numRuns: 60 },
  )
})
