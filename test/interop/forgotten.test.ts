import { expect, onTestFinished, test } from 'vitest'
import { FaultProxy } from '../support/chaos/fault-proxy.js'
import { isDone, offers } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import type { OrchestratorUnderTest } from '../support/interop/orchestrator-under-test.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { wireOf } from '../support/interop/wire-of.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

/** What makes a worker of the second generation ask whether it is still known; without it that takes 45 s (§2.4.9). */
const withTrouble = async (running: OrchestratorUnderTest) => {
  const proxy = await FaultProxy.to(running.url)
  onTestFinished(() => proxy.close())
  const isTold = running.generation === 'classic'
  return {
    url: isTold ? running.url : proxy.url,
    /** Nothing gets through while `meanwhile` lasts; in the first generation everything does. */
    away: async (meanwhile: () => Promise<void>) => {
      if (!isTold) await proxy.refuse()
      await meanwhile()
      if (!isTold) await proxy.accept()
    },
  }
}

forEachOrchestrator(
  'a forgotten worker',
  {},
  (running) => {
    test('registers again by itself, and takes jobs', async () => {
      const { url, away } = await withTrouble(running())
      const variables = { ORCHESTRATOR_URL: url, HEARTBEAT_INTERVAL: 1 }
      const worker = workerFor(running(), { id: 'forgotten', variables })
      worker.task('remember', () => ({ data: { ok: true } }))
      let lost = 0
      worker.on('registrationLost', () => lost++)
      await startedFor(running(), worker, 'remember')
      await away(() => running().forgetWorkers())
      await eventually('the worker notices', () => lost > 0)
      await running().client.waitForWorker(worker.id, offers('remember'))
      const id = await dispatch(running(), { type: 'remember' })
      await running().client.waitForJob(id, isDone)
      expect(lost).toBe(1)
    })

    test('with a task in hand it says so after it has registered again', async () => {
      const room = new WaitingRoom()
      const { url, away } = await withTrouble(running())
      const variables = { ORCHESTRATOR_URL: url, HEARTBEAT_INTERVAL: 1 }
      const worker = workerFor(running(), { id: 'forgotten-busy', maxConcurrentTasks: 2, variables })
      worker.task('hold', room.handler)
      await startedFor(running(), worker, 'hold')
      const id = await dispatch(running(), { type: 'hold' })
      await room.untilEntered(1)
      await away(() => running().forgetWorkers())
      await running().client.waitForWorker(
        worker.id,
        (record) => record?.status === 'idle' && record.load === 1,
      )
      room.open()
      await running().client.waitForWorker(worker.id, (record) => record?.load === 0)
      // In memory the one of the first generation cannot forget its workers alone: the job is gone with them.
      const { kind, generation } = running()
      if (kind !== 'memory' || generation === 'rxon') await running().client.waitForJob(id, isDone)
    })
  },
  ['classic', 'rxon'],
)

forEachOrchestrator(
  'a record that expires',
  { workerTtlMs: 2_000 },
  (running) => {
    test('is kept by heartbeats and not by polls, and without one a job finds no worker', async () => {
      const { client } = running()
      const polling = wireOf(running(), 'polling')
      const beating = wireOf(running(), 'beating')
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
      const { url, away } = await withTrouble(running())
      const variables = { ORCHESTRATOR_URL: url, HEARTBEAT_INTERVAL: 3 }
      const worker = workerFor(running(), { id: 'expired', variables })
      worker.task('return', () => ({ data: { ok: true } }))
      await startedFor(running(), worker, 'return')
      await away(() => running().client.waitForWorker(worker.id, (record) => record === undefined))
      await running().client.waitForWorker(worker.id, offers('return'))
      const id = await dispatch(running(), { type: 'return' })
      await running().client.waitForJob(id, isDone)
    })
  },
  ['classic', 'rxon'],
)
