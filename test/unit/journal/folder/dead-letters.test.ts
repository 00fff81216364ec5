import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  type DeadLetter,
  moveLetters,
  readLetters,
  removeOldest,
  writeLetter,
} from '../../../../src/journal/folder/dead-letters.js'
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

test('ids that begin alike or are no valid Unicode have letters of their own', async () => {
  const folder = temporaryFolder()
  const ids = [
    `${'x'.repeat(300)}1`,
    `${'x'.repeat(300)}2`,
    'half a pair \ud83d',
    'half a pair \ud83e',
    '../up',
    '.hidden',
  ]
  for (const id of ids) await writeLetter(folder, letter(id))
  const { letters } = await readLetters(folder)
  expect(letters.map((each) => each.letter.result.taskId).sort()).toEqual([...ids].sort())
  expect(left(folder).every((name) => name.length < 250)).toBe(true)
})

test('a damaged letter is named, and the others are read', async () => {
  const folder = await folderOf(letter('a'), letter('b'))
  const path = join(folder, 'dead-letters', 'a.json')
  writeFileSync(path, '{"version": 1, "from')
  const { letters, unreadable } = await readLetters(folder)
  expect(letters.map((each) => each.letter)).toEqual([letter('b')])
  expect(unreadable).toMatchObject([{ path, error: { name: 'SyntaxError' } }])
})

test('letters move to another folder, the damaged ones too', async () => {
  const [from, to] = [await folderOf(letter('a'), letter('b')), temporaryFolder()]
  writeFileSync(join(from, 'dead-letters', 'a.json'), '{"version": 1, "from')
  await moveLetters(from, to)
  expect(left(to)).toEqual(['a.json', 'b.json'])
  expect(readdirSync(from)).toEqual([])
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
