import { describe, expect, it } from 'vitest'
import { isGone, parseMarker, thisOwner } from '../../../../src/tasks/files/owner.js'

const me = thisOwner('w-1')
/** Above what Linux gives out. */
const NO_PROCESS = 2 ** 22 + 1

describe('whose directories may be cleared away', () => {
  it.each([
    ['this process', { ...me }, false],
    ['this process under another worker id', { ...me, workerId: 'w-2' }, false],
    ['the parent, which runs', { ...thisOwner('w-1'), pid: process.ppid, started: '' }, false],
    ['a process that is gone', { ...me, pid: NO_PROCESS }, true],
    ['a process that is gone, another worker', { ...me, workerId: 'w-2', pid: NO_PROCESS }, true],
    ['an earlier process of the same number', { ...me, started: '1' }, process.platform === 'linux'],
    ['another machine', { ...me, host: 'elsewhere', workerId: 'w-2', pid: NO_PROCESS }, false],
    ['another machine, the same worker id', { ...me, host: 'elsewhere' }, true],
  ])('%s', (_, owner, gone) => {
    expect(isGone(owner, me)).toBe(gone)
  })
})

describe('markers', () => {
  const marker = { ...me, directory: 't-1', taskId: 't/1' }

  it('are read back', () => {
    expect(parseMarker(JSON.stringify(marker))).toEqual(marker)
  })

  it.each<readonly [string, string]>([
    ['nothing', ''],
    ['half a file', '{"directory":"t-1"'],
    ['no object', '[]'],
    ...['', '.', '..', '../x', 'a/b', '/etc', '.avtomatika-worker', 'a\\b'].map(
      (directory) => [`the directory "${directory}"`, JSON.stringify({ ...marker, directory })] as const,
    ),
    ['no process', JSON.stringify({ ...marker, pid: 'x' })],
    ['no task', JSON.stringify({ ...marker, taskId: undefined })],
  ])('%s is none', (_, text) => {
    expect(parseMarker(text)).toBeUndefined()
  })
})
