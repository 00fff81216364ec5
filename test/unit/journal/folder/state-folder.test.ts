import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { StateFolder } from '../../../../src/journal/folder/state-folder.js'
import { encodeEntries } from '../../../../src/journal/record.js'
import { linesOf } from '../../../support/log-lines.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'

const open = async (prepare: (folder: string) => void) => {
  const path = temporaryFolder()
  prepare(path)
  const { logger, lines } = linesOf()
  const folder = await StateFolder.open(path, logger)
  onTestFinished(() => folder.release())
  return { path, folder, lines: lines.all }
}

const accepted = (taskId: string) =>
  encodeEntries([{ fact: 'accepted', from: 'http://o', workerId: 'w1', jobId: 'j', taskId, taskName: 'n' }])

const DAMAGED = `${accepted('t1')}this is no entry\n${accepted('t2')}`

test('a damaged journal is copied, and its other lines are read', async () => {
  const { path, folder, lines } = await open((at) => writeFileSync(join(at, 'journal.log'), DAMAGED))
  expect(folder.left.state.tasks).toMatchObject([{ taskId: 't1' }, { taskId: 't2' }])
  expect(readFileSync(join(path, 'journal.log.damaged'), 'utf8')).toBe(DAMAGED)
  expect(lines).toMatchObject([
    { level: 'error', fields: { lines: 1 }, message: expect.stringContaining('Journal damaged') },
    { level: 'info', fields: { kept: join(path, 'journal.log.damaged') }, message: 'Damaged journal copied' },
  ])
})

test('a damaged journal that cannot be copied is read all the same, and the log says so', async () => {
  const { folder, lines } = await open((at) => {
    writeFileSync(join(at, 'journal.log'), DAMAGED)
    mkdirSync(join(at, 'journal.log.damaged'))
  })
  expect(folder.left.state.tasks).toHaveLength(2)
  expect(lines.at(-1)).toMatchObject({ level: 'error', message: expect.stringContaining('not copied') })
})
