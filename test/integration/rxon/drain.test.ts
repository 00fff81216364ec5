import { expect, test } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { gate } from '../../support/test-worker.js'
import { setup, task } from './setup.js'

const HANDED_BACK = { status: 'failure', error: { code: 'TRANSIENT_ERROR', message: expect.any(String) } }

test('§1.7.1 §1.7.2 §2.4.5 a worker that drains says offline first, and hands back what its open poll brings', async () => {
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 600 })
  const back = nextEvent(worker, 'taskHandedBack')
  await worker.start()
  expect((await orchestrator.answered('heartbeat')).body).toMatchObject({ status: 'idle' })
  const { closed } = await orchestrator.next('poll')
  const stopped = worker.stop()
  const { body } = await orchestrator.answered('heartbeat')
  expect(body).toMatchObject({ status: 'offline', available_skills: [], current_tasks: [] })
  expect(orchestrator.openPolls).toBe(1)
  orchestrator.endPoll(task({ task_id: 'late' }))
  await closed
  expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'late', ...HANDED_BACK })
  await stopped
  expect(await back).toMatchObject({ taskId: 'late' })
  expect(orchestrator.calls('poll')).toHaveLength(1)
})

test('§2.4.5 a worker whose slots are all taken stays idle, and says so with what it has in hand', async () => {
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 0.05, MAX_CONCURRENT_TASKS: 1 })
  const release = gate()
  worker.task('long', async () => {
    await release.opened
    return {}
  })
  await worker.start()
  orchestrator.endPoll(task({ type: 'long' }))
  const { body } = await orchestrator.next('heartbeat', (call) => call.body.load === 1)
  expect(body).toMatchObject({ status: 'idle', available_skills: [], current_tasks: ['t1', 'j1'] })
  release.open()
  expect((await orchestrator.next('result')).body).toMatchObject({ status: 'success' })
})
