import { readFileSync, statSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { replay } from '../../../src/journal/replay.js'
import { eventually } from '../../support/interop/eventually.js'
import { setUp } from './set-up.js'

const MIB = 1024 * 1024
/** Nearly the longest result that an orchestrator reads, in characters. */
const LARGE = 900_000

test('a journal is shortened while the worker runs, and keeps the open tasks', async () => {
  const { standIn, folder, start } = await setUp()
  const journal = join(folder, 'journal.log')
  const first = await start()
  const open = standIn.offer('hang')
  await first.says(`hangs ${open}`)
  const { ino } = statSync(journal)
  const filler = 'x'.repeat(LARGE)
  // Settled tasks make the journal longer.
  for (let n = 0; n < 6; n++) {
    const large = standIn.offer('echo', { filler })
    const small = standIn.offer('echo')
    await first.says(`delivered ${large}`)
    await first.says(`delivered ${small}`)
  }
  await eventually('a new file has taken the name', () => statSync(journal).ino !== ino)
  expect(statSync(journal).size).toBeLessThan(4 * MIB)
  const after = standIn.offer('echo')
  await first.says(`delivered ${after}`)
  const { state, damage } = replay(readFileSync(journal))
  expect(damage).toEqual([])
  expect(state.tasks).toMatchObject([{ fact: 'accepted', taskId: open }])

  await first.kill()
  await start()
  expect(await standIn.delivered(open)).toMatchObject([
    { result: { status: 'failure', error: { message: 'The worker restarted before the task ended' } } },
  ])
})

test('a journal that is long because of open tasks is not rewritten for each entry', async () => {
  const { standIn, folder, start } = await setUp()
  standIn.resultAnswer = ({ result }) => (result.data && 'filler' in result.data ? 503 : 200)
  const worker = await start()
  const changes: string[] = []
  const watcher = watch(folder, (event, name) => changes.push(`${event} ${name}`))
  onTestFinished(() => watcher.close())
  const filler = 'x'.repeat(LARGE)
  for (let n = 0; n < 6; n++) await worker.says(`finished ${standIn.offer('echo', { filler })}`)
  await eventually('the new journal has its name', () => changes.includes('rename journal.log'))
  for (let n = 0; n < 4; n++) await worker.says(`delivered ${standIn.offer('echo')}`)
  writeFileSync(join(folder, 'all seen'), '')
  await eventually('all changes are reported', () => changes.includes('rename all seen'))
  expect(statSync(join(folder, 'journal.log')).size).toBeGreaterThan(4 * MIB)
  // Created once, renamed once.
  expect(changes.filter((change) => change === 'rename journal.log.new')).toHaveLength(2)
})
