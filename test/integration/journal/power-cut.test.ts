import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { setUp } from './set-up.js'

/** A task that was done by a worker that is gone, and whose journal ends before `fact`, as a cache that was not written leaves it. */
const cutBefore = async (fact: 'accepted' | 'finished' | 'settled') => {
  const { standIn, folder, start } = await setUp()
  const first = await start()
  const id = standIn.offer('echo', { n: 1 })
  await first.says(`delivered ${id}`)
  await first.kill()
  const path = join(folder, 'journal.log')
  const journal = readFileSync(path, 'utf8')
  const end = journal.lastIndexOf('\n', journal.indexOf(`"fact":"${fact}"`)) + 1
  expect(end).toBeGreaterThan(0)
  writeFileSync(path, journal.slice(0, end))
  standIn.deliveries.length = 0
  const second = await start()
  const next = standIn.offer('echo')
  await second.says(`delivered ${next}`)
  return { standIn, id }
}

test('a power cut that takes what was acknowledged with it: the result is delivered again', async () => {
  const { standIn, id } = await cutBefore('settled')
  expect(await standIn.delivered(id)).toMatchObject([{ result: { status: 'success', data: { n: 1 } } }])
})

test('a power cut that takes the result with it: the task is handed back', async () => {
  const { standIn, id } = await cutBefore('finished')
  expect(await standIn.delivered(id)).toMatchObject([
    { result: { status: 'failure', error: { code: 'TRANSIENT_ERROR', message: 'worker restarted' } } },
  ])
})

test('a power cut that takes the task with it: nobody knows of it any more but its orchestrator', async () => {
  const { standIn, id } = await cutBefore('accepted')
  expect(standIn.deliveries.map(({ task_id: taskId }) => taskId)).not.toContain(id)
})
