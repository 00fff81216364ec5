import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { isGone, parseMarker, thisProcess } from '../../../../src/tasks/files/directory-owner.js'
import { compiledProgram } from '../../../support/compiled-program.js'

const me = thisProcess('w-1')
/** Larger than any PID of Linux. */
const NO_PROCESS = 2 ** 22 + 1

describe('an owner whose directories may be removed', () => {
  it.each([
    ['this process', { ...me }, false],
    ['this process under another worker id', { ...me, workerId: 'w-2' }, false],
    ['the parent, which runs', { ...thisProcess('w-1'), pid: process.ppid, started: '' }, false],
    ['a process that is gone', { ...me, pid: NO_PROCESS }, true],
    ['a process that is gone, another worker', { ...me, workerId: 'w-2', pid: NO_PROCESS }, true],
    ['an earlier process with the same PID', { ...me, started: '1' }, process.platform === 'linux'],
    ['another machine', { ...me, host: 'elsewhere', workerId: 'w-2', pid: NO_PROCESS }, false],
    ['another machine, the same worker id', { ...me, host: 'elsewhere' }, true],
  ])('%s', (_, owner, gone) => {
    expect(isGone(owner, me)).toBe(gone)
  })
})

it('a process that runs is not gone for a worker that can open no more files', () => {
  const child = compiledProgram(new URL('no-descriptors.child.ts', import.meta.url))
  const look = 'ulimit -n 64 && exec "$0" "$1" "$2"'
  const args = ['-c', look, process.execPath, child, me.started]
  const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' })
  expect({ stdout, stderr }).toEqual({ stdout: 'false false\n', stderr: '' })
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
