import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { replay } from '../../../src/runtime/journal/replay.js'
import { eventually } from '../../support/interop/eventually.js'
import { setUp } from './set-up.js'

const MIB = 1024 * 1024

test('a journal is shortened while its worker works, and what is open in it stays', async () => {
  const { standIn, folder, start } = await setUp()
  const journal = join(folder, 'journal.log')
  const first = await start()
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
  await start()
  expect(await standIn.delivered(open)).toMatchObject([
    { result: { status: 'failure', error: { message: 'worker restarted' } } },
  ])
})
