import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replay } from '../../../src/runtime/journal/replay.js'
import { eventually } from '../../support/interop/eventually.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { StandIn } from './stand-in.js'
import { WorkerProcess } from './worker-process.js'

const MIB = 1024 * 1024

test('a journal is shortened while its worker works, and what is open in it stays', async () => {
  const standIn = await StandIn.start()
  const folder = temporaryFolder()
  const journal = join(folder, 'journal.log')
  const variables = {
    ORCHESTRATOR_URL: standIn.url,
    WORKER_ID: 'w1',
    WORKER_STATE_DIR: folder,
    WORKER_POLL_FENCE: 'off',
  }
  const first = await WorkerProcess.start(variables)
  const open = standIn.offer('hang')
  await first.says(`hangs ${open}`)
  const { ino } = statSync(journal)
  const filler = 'x'.repeat(MIB)
  // Others come and go all the time.
  for (let n = 0; n < 6; n++) {
    const large = standIn.offer('echo', { filler })
    const small = standIn.offer('echo')
    await first.says(`delivered ${large}`)
    await first.says(`delivered ${small}`)
  }
  await eventually('another file has its name', () => statSync(journal).ino !== ino)
  expect(statSync(journal).size).toBeLessThan(4 * MIB)
  const after = standIn.offer('echo')
  await first.says(`delivered ${after}`)
  const { ledger, damage } = replay(readFileSync(journal))
  expect(damage).toEqual([])
  expect(ledger.tasks).toMatchObject([{ fact: 'accepted', taskId: open }])

  await first.kill()
  await WorkerProcess.start(variables)
  expect(await standIn.delivered(open)).toMatchObject([
    { result: { status: 'failure', error: { message: 'worker restarted' } } },
  ])
})
