import { describe, expect, test, vi } from 'vitest'
import { PASS } from '../../support/chaos/fault.js'
import { type Remote, remote, workerOf } from '../../support/chaos/fleet.js'
import { GENERATIONS, SUCCEEDED, TAKES_NOTHING } from '../../support/generations.js'
import { nextEvent } from '../../support/next-event.js'

/** Longer than everything else that happens when a worker stops, or goes to another orchestrator. */
const LATE_MS = 300

describe.each(GENERATIONS)(
  'a registration on its way to an orchestrator of the generation %s',
  (generation) => {
    const isRegistration = ({ method, path }: { method: string; path: string }) =>
      method === 'POST' && path.endsWith('/workers/register')

    /** Delays the next registrations. Returns a function that resolves when one is on its way. */
    const delayRegistrations = ({ proxy }: Remote) => {
      const before = proxy.requests.length
      proxy.plan = (request) => (isRegistration(request) ? { kind: 'delay', ms: LATE_MS } : PASS)
      return () =>
        vi.waitFor(() => expect(proxy.requests.slice(before).some(isRegistration)).toBe(true), 5_000)
    }

    test('does not revive a worker that stops', async () => {
      const only = await remote('only', { generation })
      const worker = workerOf([only]).task('echo', () => ({}))
      await worker.start()
      await only.orchestrator.waitForWorker('echo')
      const isUnderWay = delayRegistrations(only)
      worker.task('late', () => ({}))
      await isUnderWay()
      await worker.stop()
      expect(only.orchestrator.workers()).toMatchObject([{ status: TAKES_NOTHING[generation] }])
    })

    test('does not bring tasks to a worker that has gone to another orchestrator', async () => {
      const first = await remote('first', { generation })
      const second = await remote('second', { generation })
      await first.proxy.refuse()
      const worker = workerOf([first, second]).task('echo', () => ({}))
      await worker.start()
      await second.orchestrator.waitForWorker('echo')
      const isUnderWay = delayRegistrations(second)
      const wentBack = nextEvent(worker, 'orchestratorChanged', ({ to }) => to === first.proxy.url)
      const { id } = await second.orchestrator.createJob({ task: 'late' })
      worker.task('late', () => ({}))
      await isUnderWay()
      await first.proxy.accept()
      await wentBack
      // The registration makes the orchestrator send the task that waits.
      expect((await second.orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])
      await vi.waitFor(
        () => expect(second.orchestrator.workers()).toMatchObject([{ status: TAKES_NOTHING[generation] }]),
        5_000,
      )
    })
  },
)
