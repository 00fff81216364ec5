import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type DeadLetter, removeOldest, writeLetter } from '../../../../src/journal/folder/dead-letters.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

const letter = (taskId: string, bytes = 0): DeadLetter => ({
  version: 1,
  from: 'http://o',
  diedAt: '2026-01-01T00:00:00.000Z',
  reason: 'Job not found',
  result: {
    jobId: 'j',
    taskId,
    workerId: 'w1',
    outcome: { kind: 'value', status: 'success', data: { filler: 'x'.repeat(bytes) } },
  },
})

/** Writes letters, the first one the oldest. */
const folderOf = async (...letters: readonly DeadLetter[]) => {
  const folder = temporaryFolder()
  for (const [at, each] of letters.entries()) {
    await writeLetter(folder, each)
    utimesSync(join(folder, 'dead-letters', `${each.result.taskId}.json`), at, at)
  }
  return folder
}

const left = (folder: string) => readdirSync(join(folder, 'dead-letters')).sort()
const PLENTY = 1_000_000

test('letters within the bounds stay', async () => {
  const folder = await folderOf(letter('a'), letter('b'))
  expect(await removeOldest(folder, { letters: 2, bytes: PLENTY })).toEqual([])
  expect(left(folder)).toEqual(['a.json', 'b.json'])
})

test('the oldest letters are removed when there are too many', async () => {
  const folder = await folderOf(letter('c'), letter('b'), letter('a'))
  const removed = await removeOldest(folder, { letters: 2, bytes: PLENTY })
  expect(removed).toEqual([letter('c')])
  expect(left(folder)).toEqual(['a.json', 'b.json'])
})

test('the oldest letters are removed when all are too large together; the newest always stays', async () => {
  const folder = await folderOf(letter('a'), letter('b', 5_000), letter('c', 1_000), letter('d'))
  await removeOldest(folder, { letters: 10, bytes: 5_000 })
  expect(left(folder)).toEqual(['c.json', 'd.json'])
  await removeOldest(folder, { letters: 10, bytes: 1 })
  expect(left(folder)).toEqual(['d.json'])
})

test('other files stay, and a missing folder has no letters', async () => {
  const folder = temporaryFolder()
  expect(await removeOldest(folder, { letters: 0, bytes: 0 })).toEqual([])
  mkdirSync(join(folder, 'dead-letters'))
  for (const name of ['notes.json', 'more.json', 'a.json.new'])
    writeFileSync(join(folder, 'dead-letters', name), '{}')
  expect(await removeOldest(folder, { letters: 0, bytes: 0 })).toEqual([])
  expect(left(folder)).toHaveLength(3)
})
