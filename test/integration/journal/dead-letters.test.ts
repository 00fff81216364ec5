import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventually } from '../../support/interop/eventually.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { testWorker } from '../../support/test-worker.js'
import { StandIn } from './stand-in.js'

const MOST = 1_000

const fill = (letters: string): void => {
  mkdirSync(letters)
  for (let n = 0; n < MOST; n++) {
    const result = { jobId: `j${n}`, taskId: `old-${n}`, workerId: 'w1', outcome: { kind: 'cancelled' } }
    const letter = {
      version: 1,
      from: 'http://o',
      diedAt: '2026-01-01T00:00:00.000Z',
      reason: 'gone',
      result,
    }
    writeFileSync(join(letters, `old-${n}.json`), JSON.stringify(letter))
    utimesSync(join(letters, `old-${n}.json`), n, n)
  }
}

test('a worker keeps 1,000 dead letters, and removes the oldest with a warning', async () => {
  const standIn = await StandIn.start()
  standIn.resultAnswer = 404
  const folder = temporaryFolder()
  const letters = join(folder, 'dead-letters')
  fill(letters)
  const { worker, logged } = testWorker({ url: standIn.url, variables: { WORKER_STATE_DIR: folder } })
  worker.task('echo', (params) => ({ data: params }))
  await worker.start()
  const ids = [standIn.offer('echo'), standIn.offer('echo')]
  const warnings = () => logged('warn').filter(({ msg }) => msg.includes('Oldest dead letter removed'))
  await eventually('two letters are removed', () => warnings().length === 2)
  expect(
    warnings()
      .map(({ taskId }) => taskId)
      .sort(),
  ).toEqual(['old-0', 'old-1'])
  const names = readdirSync(letters)
  expect(names).toHaveLength(MOST)
  expect(names).toEqual(expect.arrayContaining([...ids.map((id) => `${id}.json`), 'old-2.json']))
})
