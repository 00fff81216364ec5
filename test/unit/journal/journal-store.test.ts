import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { AcceptedEntry } from '../../../src/journal/entries.js'
import { currentOwner } from '../../../src/journal/folder/owner.js'
import { StateFolder } from '../../../src/journal/folder/state-folder.js'
import { JournalFile } from '../../../src/journal/journal-file.js'
import { JournalStore } from '../../../src/journal/journal-store.js'
import { replay } from '../../../src/journal/replay.js'
import { Wake } from '../../../src/utils/wake.js'
import { fullDisk, hangingDisk } from '../../support/failing-disk.js'
import { eventually } from '../../support/interop/eventually.js'
import { linesOf } from '../../support/log-lines.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

const accepted = (taskId: string, taskName = 'echo'): AcceptedEntry => ({
  fact: 'accepted',
  from: 'http://o',
  workerId: 'w1',
  jobId: `job of ${taskId}`,
  taskId,
  taskName,
})

const setUp = async () => {
  const path = temporaryFolder()
  const { logger, lines } = linesOf()
  const folder = await StateFolder.open(path, logger)
  const wake = new Wake()
  let triggers = 0
  wake.listen(() => triggers++)
  const store = new JournalStore(folder, await currentOwner('w1', true), false, logger, wake)
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await store.close()
  }
  onTestFinished(async () => {
    await close()
    await folder.release()
  })
  return {
    path,
    store,
    close,
    triggers: () => triggers,
    messages: () => lines.all.map(({ message }) => message),
    onDisk: () => replay(readFileSync(join(path, 'journal.log'))).state.tasks.map((task) => task),
  }
}

const added = (store: JournalStore, entry: AcceptedEntry): Promise<void> =>
  new Promise((resolve) => store.add(entry, resolve))

/** Lets a rewrite that was begun end; the disk is real, the clock stands still. */
const rewritten = (store: JournalStore): Promise<boolean> =>
  eventually('the journal is writable', () => store.trouble === undefined, { pauseMs: 2 })

const MIB = 1024 * 1024

/**
 * The next rewrite hangs when it opens its new file: a FIFO without a reader does that.
 *
 * @returns ends the rewrite with an error
 */
const hangRewrites = (path: string): (() => Promise<void>) => {
  const fifo = join(path, 'journal.log.new')
  execFileSync('mkfifo', [fifo])
  const release = async () => {
    if (!existsSync(fifo)) return
    await (await open(fifo, 'r')).close()
    await eventually('the rewrite has failed', () => !existsSync(fifo), { pauseMs: 2 })
  }
  onTestFinished(release)
  return release
}

test('a full disk is trouble; entries are kept in memory and written when there is room', async () => {
  const { store, triggers, onDisk, messages } = await setUp()
  await store.open()
  expect({ trouble: store.trouble, isWritable: store.isWritable }).toEqual({
    trouble: undefined,
    isWritable: true,
  })
  const heal = fullDisk()
  await added(store, accepted('t1'))
  expect(store.trouble).toContain('ENOSPC')
  expect(store.isWritable).toBe(false)
  expect(triggers()).toBe(1)
  await added(store, accepted('t2'))
  heal()
  await vi.advanceTimersByTimeAsync(1_000)
  await rewritten(store)
  expect(store.isWritable).toBe(true)
  expect(triggers()).toBe(2)
  expect(onDisk()).toEqual([accepted('t1'), accepted('t2')])
  expect(messages()).toEqual([
    expect.stringContaining('Journal not writable'),
    expect.stringContaining('Journal writable again'),
  ])
})

test('a broken journal is tried again after 1 s, 2 s, 4 s, and not earlier', async () => {
  const { path, store } = await setUp()
  await store.open()
  // A rewrite that cannot begin.
  const blocker = join(path, 'journal.log.new')
  await mkdir(blocker)
  fullDisk()
  await added(store, accepted('t1'))
  for (const ms of [1_000, 2_000, 4_000]) {
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(vi.getTimerCount()).toBe(0)
    await eventually('the failed try sets the next timer', () => vi.getTimerCount() === 1, { pauseMs: 2 })
  }
})

test('a journal that breaks at the very end of a rewrite stays broken', async () => {
  const { path, store } = await setUp()
  const answer = hangingDisk('fsync')
  const opened = store.open()
  await eventually('the new file is in use', () => existsSync(join(path, 'journal.log')), { pauseMs: 2 })
  fullDisk()
  await added(store, accepted('t1'))
  answer()
  await opened
  expect(store.trouble).toContain('ENOSPC')
  expect(vi.getTimerCount()).toBe(1)
})

test('a journal that is closed while broken is not tried again', async () => {
  const { store, close } = await setUp()
  await store.open()
  fullDisk()
  await added(store, accepted('t1'))
  expect(vi.getTimerCount()).toBe(1)
  await close()
  expect(vi.getTimerCount()).toBe(0)
})

test('a journal that is closed during a rewrite that fails is not tried again', async () => {
  const { path, store, close } = await setUp()
  await store.open()
  fullDisk()
  await added(store, accepted('t1'))
  const release = hangRewrites(path)
  await vi.advanceTimersByTimeAsync(1_000)
  const closed = close()
  await release()
  await closed
  await new Promise((resolve) => setImmediate(resolve))
  expect(vi.getTimerCount()).toBe(0)
})

test('a write that fails at the end is logged, and sets no timer', async () => {
  const { store, close, messages } = await setUp()
  await store.open()
  fullDisk()
  store.add(accepted('t1'), () => {})
  await close()
  expect(messages()).toEqual([expect.stringContaining('Last entries of the journal not written')])
  expect(vi.getTimerCount()).toBe(0)
})

test('the owner of the folder is written as soon as it can be', async () => {
  const { path, store } = await setUp()
  const owner = join(path, 'worker.json')
  await mkdir(owner)
  await store.open()
  expect(store.trouble).toContain('EISDIR')
  rmSync(owner, { recursive: true })
  await vi.advanceTimersByTimeAsync(1_000)
  await rewritten(store)
  expect(JSON.parse(readFileSync(owner, 'utf8'))).toMatchObject({ workerId: 'w1', isMadeUp: true })
})

test('tasks of another worker are taken only if they are written', async () => {
  const { store, onDisk } = await setUp()
  await store.open()
  const heal = fullDisk()
  expect(await store.adopt([accepted('t1')])).toBe(false)
  expect(store.state.tasks).toEqual([])
  heal()
  await vi.advanceTimersByTimeAsync(1_000)
  await rewritten(store)
  expect(await store.adopt([accepted('t2')])).toBe(true)
  expect(store.state.tasks).toEqual([accepted('t2')])
  expect(onDisk()).toEqual([accepted('t2')])
})

test('a rewrite that hangs fills no more than 32 MiB of memory: the worker takes no tasks until it ends', async () => {
  const { path, store, triggers, onDisk, messages } = await setUp()
  await store.open()
  const release = hangRewrites(path)
  const filler = 'x'.repeat(MIB)
  let written = 0
  const add = (n: number) =>
    new Promise<void>((resolve) =>
      store.add(accepted(`t${n}`, filler), () => {
        written++
        resolve()
      }),
    )
  // The first 4 MiB begin the rewrite.
  for (let n = 0; n < 5; n++) await add(n)
  for (let n = 5; n < 37; n++) await add(n)
  expect({ trouble: store.trouble, triggers: triggers() }).toEqual({ trouble: undefined, triggers: 0 })
  await add(37)
  expect(store.trouble).toBe('the journal is being shortened, and the disk does not keep up')
  expect(triggers()).toBe(1)
  // What the worker still has to write is written all the same.
  expect(store.isWritable).toBe(true)
  await add(38)
  expect(written).toBe(39)
  expect(onDisk()).toHaveLength(39)
  await release()
  await rewritten(store)
  expect(triggers()).toBe(2)
  expect(onDisk()).toHaveLength(39)
  expect(messages()).toEqual([
    expect.stringContaining('Shortening the journal takes too long'),
    expect.stringContaining('Journal not shortened'),
    expect.stringContaining('Journal writable again'),
  ])
})

test('a journal that breaks while a rewrite hangs is tried again only after that rewrite', async () => {
  const { path, store, onDisk } = await setUp()
  const rewrite = vi.spyOn(JournalFile.prototype, 'rewrite')
  onTestFinished(() => rewrite.mockRestore())
  await store.open()
  const release = hangRewrites(path)
  for (let n = 0; n < 5; n++) await added(store, accepted(`t${n}`, 'x'.repeat(MIB)))
  const heal = fullDisk()
  await added(store, accepted('last'))
  heal()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(store.trouble).toContain('ENOSPC')
  // One to open the file, one to shorten it.
  expect(rewrite).toHaveBeenCalledTimes(2)
  await release()
  await vi.advanceTimersByTimeAsync(30_000)
  await rewritten(store)
  expect(onDisk()).toHaveLength(6)
})

test('a journal that a rewrite has healed already is not tried again', async () => {
  const { store, onDisk } = await setUp()
  await store.open()
  const heal = fullDisk()
  await added(store, accepted('t1'))
  expect(vi.getTimerCount()).toBe(1)
  // The try hangs, and until it ends the journal breaks once more: another try is due.
  const answer = hangingDisk()
  await vi.advanceTimersByTimeAsync(1_000)
  store.fileBroke(new Error('once more'))
  expect(vi.getTimerCount()).toBe(1)
  heal()
  answer()
  await rewritten(store)
  expect(vi.getTimerCount()).toBe(0)
  expect(onDisk()).toEqual([accepted('t1')])
})
