import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { setUp } from './set-up.js'

/**
 * Kills a worker after it has delivered a result, and removes the end of its journal from the entry `fact` on. A power cut
 * does that to lines that are in the system's cache only. Then starts the next worker.
 */
const cutBefore = async (fact: 'accepted' | 'finished' | 'settled') => {
  const { standIn, folder, start } = await setUp()
  const first = await start()
  const id = standIn.offer('echo', { n: 1 })
  await first.says(`delivered ${id}`)
  await first.kill()
  const path = join(folder, 'journal.log')
  const journal = readFileSync(path, 'utf8')
  const end = journal.lastIndexOf('\n', journal.indexOf(`["${fact}"`)) + 1
  expect(end).toBeGreaterThan(0)
  writeFileSync(path, journal.slice(0, end))
  standIn.deliveries.length = 0
  const second = await start()
  const next = standIn.offer('echo')
  await second.says(`delivered ${next}`)
  return { standIn, id }
}

test('after a power cut that loses `settled`, the result is delivered again', async () => {
  const { standIn, id } = await cutBefore('settled')
  expect(await standIn.delivered(id)).toMatchObject([{ result: { status: 'success', data: { n: 1 } } }])
})

test('after a power cut that loses `finished`, the task is handed back', async () => {
  const { standIn, id } = await cutBefore('finished')
  expect(await standIn.delivered(id)).toMatchObject([
    {
      result: {
        status: 'failure',
        error: { code: 'TRANSIENT_ERROR', message: 'The worker restarted before the task ended' },
      },
    },
  ])
})

test('after a power cut that loses `accepted`, only the orchestrator knows the task', async () => {
  const { standIn, id } = await cutBefore('accepted')
  expect(standIn.deliveries.map(({ task_id: taskId }) => taskId)).not.toContain(id)
})
