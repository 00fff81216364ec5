import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { AcceptedEntry } from '../../../src/journal/entries.js'
import { takeLock } from '../../../src/journal/folder/lock.js'
import { currentOwner } from '../../../src/journal/folder/owner.js'
import { Journal } from '../../../src/journal/journal.js'
import { encodeEntries } from '../../../src/journal/record.js'
import { replay } from '../../../src/journal/replay.js'
import { Wake } from '../../../src/utils/wake.js'
import { fullDisk, handlesThatCannotSync, hangingDisk } from '../../support/failing-disk.js'
import { linesOf } from '../../support/log-lines.js'
import { temporaryFolder } from '../../support/temporary-folder.js'

const ORCHESTRATOR = 'http://o'

const accepted = (workerId: string, taskId: string): AcceptedEntry => ({
  fact: 'accepted',
  from: ORCHESTRATOR,
  workerId,
  jobId: 'j',
  taskId,
  taskName: 'echo',
})

/** A journal of a worker with a generated id, in the folder `workerId` below `home`. */
const journalIn = (home: string, workerId: string, journalSyncs = false) => {
  const { logger, lines } = linesOf()
  const folder = join(home, workerId)
  const settings = {
    workerId,
    workerIdIsMadeUp: true,
    journal: true,
    stateDir: folder,
    stateDirIsDefault: true,
    isInPod: false,
    journalSyncs,
    orchestrators: [{ url: ORCHESTRATOR, priority: 0, weight: 1, token: '', generation: 'auto' as const }],
    pollTimeoutMs: 30_000,
  }
  const journal = new Journal(settings, logger, new Wake())
  onTestFinished(() => journal.close())
  return { journal, folder, lines }
}

/** What a worker with a generated id leaves when it is killed with one task in hand. */
const deadWorker = async (home: string) => {
  const folder = join(home, 'dead')
  mkdirSync(folder)
  const task = accepted('dead', 't1')
  writeFileSync(join(folder, 'journal.log'), encodeEntries([task]))
  writeFileSync(join(folder, 'worker.json'), JSON.stringify(await currentOwner('dead', true)))
  const tasks = () => replay(readFileSync(join(folder, 'journal.log'))).state.tasks
  return { folder, task, tasks }
}

const isLocked = async (folder: string): Promise<boolean> => {
  try {
    await (await takeLock(folder)).release()
    return false
  } catch {
    return true
  }
}

const problems = (lines: ReturnType<typeof linesOf>['lines']) =>
  lines.all.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message)

describe('a worker that adopts the tasks of a dead one', () => {
  test('has them in its own journal, and removes the folder of the dead one', async () => {
    const home = temporaryFolder()
    const { folder: dead, task } = await deadWorker(home)
    const { journal, folder } = journalIn(home, 'w1')
    expect(await journal.open()).toEqual([task])
    expect(existsSync(dead)).toBe(false)
    expect(replay(readFileSync(join(folder, 'journal.log'))).state.tasks).toEqual([task])
  })

  test('leaves them where they are if it cannot write them: twice, never nowhere', async () => {
    const home = temporaryFolder()
    const { folder: dead, task, tasks } = await deadWorker(home)
    const { journal, lines } = journalIn(home, 'w1')
    fullDisk()
    expect(await journal.open()).toEqual([])
    expect(tasks()).toEqual([task])
    expect(await isLocked(dead)).toBe(false)
    expect(journal.trouble).toContain('ENOSPC')
    expect(problems(lines)).toEqual([expect.stringContaining('Journal not writable')])
  })

  test('adopts the tasks once even if the dead letters cannot be moved, and unlocks the folder', async () => {
    const home = temporaryFolder()
    const { folder: dead, task } = await deadWorker(home)
    const letter = {
      version: 1,
      from: ORCHESTRATOR,
      diedAt: '2026-01-01T00:00:00.000Z',
      reason: 'Job not found',
      result: { jobId: 'j', taskId: 't0', workerId: 'dead', outcome: { kind: 'cancelled' } },
    }
    mkdirSync(join(dead, 'dead-letters'))
    writeFileSync(join(dead, 'dead-letters', 't0.json'), JSON.stringify(letter))
    const first = journalIn(home, 'w1')
    mkdirSync(first.folder)
    writeFileSync(join(first.folder, 'dead-letters'), 'a file in place of the folder')
    expect(await first.journal.open()).toEqual([task])
    expect(existsSync(join(dead, 'journal.log'))).toBe(false)
    expect(await isLocked(dead)).toBe(false)
    expect(problems(first.lines)).toEqual([expect.stringContaining('not adopted')])

    const second = journalIn(home, 'w2')
    expect(await second.journal.open()).toEqual([])
    expect(readdirSync(join(second.folder, 'dead-letters'))).toEqual(['t0.json'])
    expect(existsSync(dead)).toBe(false)
  })

  test('leaves the folder of a living worker alone, and logs no warning', async () => {
    const home = temporaryFolder()
    const alive = journalIn(home, 'alive')
    await alive.journal.open()
    await new Promise<void>((resolve) =>
      alive.journal.accepted(
        { jobId: 'j', taskId: 't1', taskName: 'echo', params: {} } as never,
        { url: ORCHESTRATOR, workerId: 'alive' },
        resolve,
      ),
    )
    const { journal, lines } = journalIn(home, 'w1')
    expect(await journal.open()).toEqual([])
    expect(problems(lines)).toEqual([])
    expect(alive.journal.isStillNeeded('t1')).toBe(true)
  })
})

test('a result whose dead letter cannot be written stays in the journal', async () => {
  const { journal, folder, lines } = journalIn(temporaryFolder(), 'w1')
  await journal.open()
  const result = { jobId: 'j', taskId: 't1', workerId: 'w1', outcome: { kind: 'cancelled' as const } }
  await new Promise<void>((resolve) => journal.finished(result, ORCHESTRATOR, resolve))
  writeFileSync(join(folder, 'dead-letters'), 'a file in place of the folder')
  expect(await journal.buried(result, ORCHESTRATOR, new Error('Job not found'))).toBe(false)
  expect(journal.isStillNeeded('t1')).toBe(true)
  expect(problems(lines)).toEqual([expect.stringContaining('Dead letter not written')])
})

test.each(['with', 'without'])(
  'a finished task is not reported as written at once, %s a journal',
  async (kind) => {
    const { journal } = journalIn(temporaryFolder(), 'w1')
    if (kind === 'with') await journal.open()
    const result = { jobId: 'j', taskId: 't1', workerId: 'w1', outcome: { kind: 'cancelled' as const } }
    let isWritten = false
    const written = new Promise<void>((resolve) =>
      journal.finished(result, ORCHESTRATOR, () => {
        isWritten = true
        resolve()
      }),
    )
    expect(isWritten).toBe(false)
    await written
  },
)

describe('a journal that is closed', () => {
  test('unlocks its folder, even if the folder cannot be removed', async () => {
    const { journal, folder, lines } = journalIn(temporaryFolder(), 'w1')
    await journal.open()
    const owner = join(folder, 'worker.json')
    rmSync(owner)
    mkdirSync(owner)
    await journal.close()
    expect(await isLocked(folder)).toBe(false)
    expect(problems(lines)).toEqual([expect.stringContaining('not closed properly')])
  })

  test('leaves no timer', async () => {
    const { journal } = journalIn(temporaryFolder(), 'w1')
    await journal.open()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    await journal.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('waits 5 s for a disk that hangs, no longer and no less, and keeps the folder locked', async () => {
    const { journal, folder, lines } = journalIn(temporaryFolder(), 'w1', true)
    await journal.open()
    const answer = hangingDisk()
    journal.acknowledged({ taskId: 't1' } as never)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let isClosed = false
    const closed = journal.close().then(() => {
      isClosed = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    await vi.advanceTimersByTimeAsync(4_999)
    expect(isClosed).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await closed
    expect(problems(lines)).toEqual([expect.stringContaining('Disk does not answer')])
    expect(await isLocked(folder)).toBe(true)
    answer()
  })
})

test.each([true, false])("works under Yarn's Plug'n'Play, with syncs: %s", async (syncs) => {
  await handlesThatCannotSync()
  const home = temporaryFolder()
  const { journal, folder, lines } = journalIn(home, 'w1', syncs)
  await journal.open()
  const result = {
    jobId: 'j',
    taskId: 't1',
    workerId: 'w1',
    outcome: { kind: 'value', status: 'success' },
  } as const
  await new Promise<void>((resolve) => journal.finished(result, ORCHESTRATOR, resolve))
  expect(journal.trouble).toBeUndefined()
  expect(replay(readFileSync(join(folder, 'journal.log'))).state.tasks).toHaveLength(1)
  expect(await journal.buried(result, ORCHESTRATOR, new Error('refused'))).toBe(true)
  expect(readdirSync(join(folder, 'dead-letters'))).toEqual(['t1.json'])
  expect(problems(lines)).toEqual([])
})
