import { describe, expect, test, vi } from 'vitest'
import { remote, workerOf } from '../../support/chaos/fleet.js'
import { GENERATIONS, SUCCEEDED } from '../../support/generations.js'
import { nextEvent } from '../../support/next-event.js'

/** Keeps the event loop, as a handler that computes without a pause does. */
const block = (ms: number): void => {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  describe('a handler that blocks the event loop', () => {
    test('is named, the worker says busy meanwhile, and goes on when it is over', async () => {
      const only = await remote('only', { generation })
      const worker = workerOf([only])
        .task('blocks', () => block(1_800))
        .task('waits', async ({ ms }) => {
          await new Promise((resolve) => setTimeout(resolve, ms))
          return {}
        })
      await worker.start()
      await only.orchestrator.waitForWorker('blocks')
      const { id: other } = await only.orchestrator.createJob({ task: 'waits', params: { ms: 100 } })
      const blocked = nextEvent(worker, 'eventLoopBlocked')
      const { id } = await only.orchestrator.createJob({ task: 'blocks' })
      const { ms, taskNames } = await blocked
      expect(ms).toBeGreaterThan(1_000)
      expect(taskNames).toEqual(['blocks'])
      expect(worker.readiness.ready).toBe(false)
      expect(worker.readiness.reason).toMatch(/blocked for \d\.\d s by the handler of "blocks"$/)
      for (const each of [id, other])
        expect((await only.orchestrator.waitForJob(each)).state).toBe(SUCCEEDED[generation])
      await vi.waitFor(() => expect(worker.readiness).toEqual({ ready: true }), 10_000)
      await only.orchestrator.waitForWorker('blocks')
    })

    test('after an await is among those that are named', async () => {
      const only = await remote('only', { generation })
      const worker = workerOf([only]).task('later', async () => {
        await new Promise(setImmediate)
        block(1_800)
        return {}
      })
      await worker.start()
      const blocked = nextEvent(worker, 'eventLoopBlocked')
      await only.orchestrator.createJob({ task: 'later' })
      expect((await blocked).taskNames).toEqual(['later'])
    })

    test('for longer than the registration lives costs a new registration, at once', async () => {
      const only = await remote('only', { generation, workerTtlMs: 1_000 })
      // Nothing but the blockage itself leads to a heartbeat.
      const worker = workerOf([only], { variables: { HEARTBEAT_INTERVAL: 600 } })
      worker.task('blocks', () => block(1_800))
      const lost = nextEvent(worker, 'registrationLost')
      await worker.start()
      await only.orchestrator.createJob({ task: 'blocks' })
      await lost
      const { id } = await only.orchestrator.createJob({ task: 'blocks' })
      expect((await only.orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])
    })
  })
})
