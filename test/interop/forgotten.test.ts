import { expect, test } from 'vitest'
import { isDone, offers } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { wireWorker } from '../support/interop/wire-worker.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

forEachOrchestrator('a forgotten worker', {}, (running) => {
  test('registers again by itself, and takes jobs', async () => {
    const worker = workerFor(running(), { id: 'forgotten', variables: { HEARTBEAT_INTERVAL: 1 } })
    worker.task('remember', () => ({ data: { ok: true } }))
    let lost = 0
    worker.on('registrationLost', () => lost++)
    await startedFor(running(), worker, 'remember')
    await running().forgetWorkers()
    await eventually('the worker notices', () => lost > 0)
    await running().client.waitForWorker(worker.id, offers('remember'))
    const id = await dispatch(running(), { type: 'remember' })
    await running().client.waitForJob(id, isDone)
    expect(lost).toBe(1)
  })

  test('with a task in hand it says so after it has registered again', async () => {
    const room = new WaitingRoom()
    const worker = workerFor(running(), { id: 'forgotten-busy', maxConcurrentTasks: 2 })
    worker.task('hold', room.handler)
    await startedFor(running(), worker, 'hold')
    const id = await dispatch(running(), { type: 'hold' })
    await room.untilEntered(1)
    await running().forgetWorkers()
    await running().client.waitForWorker(
      worker.id,
      (record) => record?.status === 'idle' && record.load === 1,
    )
    room.open()
    await running().client.waitForWorker(worker.id, (record) => record?.load === 0)
    // In memory the real one cannot forget its workers alone: the job is gone with them.
    if (running().kind !== 'memory') await running().client.waitForJob(id, isDone)
  })
})

forEachOrchestrator('a record that expires', { workerTtlMs: 2_000 }, (running) => {
  test('is kept by heartbeats and not by polls, and without one a job finds no worker', async () => {
    const { url, workerToken, client } = running()
    const polling = wireWorker(url, workerToken, 'polling')
    const beating = wireWorker(url, workerToken, 'beating')
    for (const worker of [polling, beating]) await worker.register(['echo'])
    await eventually('the record of the one that only polls is gone', async () => {
      expect((await beating.heartbeat()).status).toBe(200)
      await polling.poll()
      return !(await client.workers()).some((record) => record.worker_id === 'polling')
    })
    await client.waitForWorker('beating', (record) => record !== undefined)
    await client.waitForWorker('beating', (record) => record === undefined)
    await expect(dispatch(running(), { type: 'echo' })).rejects.toThrow('no idle worker')
  })

  test('comes back with the next heartbeat of a worker, which takes jobs', async () => {
    const worker = workerFor(running(), { id: 'expired', variables: { HEARTBEAT_INTERVAL: 3 } })
    worker.task('return', () => ({ data: { ok: true } }))
    await startedFor(running(), worker, 'return')
    await running().client.waitForWorker(worker.id, (record) => record === undefined)
    await running().client.waitForWorker(worker.id, offers('return'))
    const id = await dispatch(running(), { type: 'return' })
    await running().client.waitForJob(id, isDone)
  })
})
