import { expect, onTestFinished, test, vi } from 'vitest'
import { isDone } from '../support/interop/client-api.js'
import { type CountingProxy, countingProxy } from '../support/interop/counting-proxy.js'
import { dispatch } from '../support/interop/dispatch.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import type { OrchestratorUnderTest } from '../support/interop/orchestrator-under-test.js'
import { WaitingRoom } from '../support/interop/waiting-room.js'
import { wireOf } from '../support/interop/wire-of.js'
import type { WireWorker } from '../support/interop/wire-worker.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

const RATE = { requests: 5, windowMs: 2_000 } as const
const TOO_MANY = {
  classic: { status: 429, body: { error: 'Too Many Requests' } },
  // JSON in a text.
  rxon: { status: 429, body: { error: '{"error": "Too Many Requests"}' } },
} as const
/** How long a worker keeps still when it is told nothing of how long (§2.4.10). */
const SILENCE_MS = 61_000

/** Moves the clock of the worker on where it waits for a window longer than the tests': by hand, at the end of theirs. */
const clockOf = ({ generation }: OrchestratorUnderTest, proxy: CountingProxy) => {
  if (generation === 'classic') return { passWindow: async () => {} }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'], shouldAdvanceTime: true })
  onTestFinished(() => void vi.useRealTimers())
  return {
    async passWindow() {
      // A poll that was open already may still end meanwhile.
      const refusals = () => proxy.passages.filter(({ status }) => status === 429)
      const { length: before } = refusals()
      const end = performance.now() + RATE.windowMs * 1.25
      await eventually('the window has passed', () => performance.now() > end)
      expect(refusals()).toHaveLength(before)
      await vi.advanceTimersByTimeAsync(SILENCE_MS)
    },
  }
}

const useUpResults = (worker: WireWorker) =>
  eventually('no more results are taken', async () => {
    const task = { job_id: 'none', task_id: 'none', type: '', params: {} }
    return (await worker.report(task, { status: 'success' })).status === 429
  })

const useUpPolls = (worker: WireWorker) =>
  Promise.all(
    Array.from({ length: RATE.requests }, () => worker.call('GET', `/workers/${worker.id}/tasks/next`)),
  )

forEachOrchestrator(
  'the rate limit',
  { rateLimit: RATE },
  (running) => {
    const wire = (id: string) => wireOf(running(), id)

    test('refuses the sixth request, and refusals push the window forward', async () => {
      await wire('hasty').register(['echo'])
      for (let request = 1; request <= RATE.requests; request++) {
        expect((await wire('hasty').heartbeat()).status).toBe(200)
      }
      const end = performance.now() + RATE.windowMs * 1.25
      await eventually('the window would have passed', async () => {
        const { status, body } = await wire('hasty').heartbeat()
        expect({ status, body }).toEqual(TOO_MANY[running().generation])
        return performance.now() > end
      })
      await wire('calm').register(['echo'])
      expect((await wire('calm').heartbeat()).status).toBe(200)
    })

    // A worker that storms pushes the window forward for ever: getting through at all shows that it kept still.
    test('a worker keeps still until it is let in again, and loses neither results nor tasks', async () => {
      const proxy = await countingProxy(running().url)
      const clock = clockOf(running(), proxy)
      const room = new WaitingRoom()
      const worker = workerFor(running(), { id: 'limited', variables: { ORCHESTRATOR_URL: proxy.url } })
      worker.task('limited', room.handler)
      await startedFor(running(), worker, 'limited')
      const first = await dispatch(running(), { type: 'limited', params: { n: 1 } })
      await room.untilEntered(1)

      await useUpResults(wire('limited'))
      await useUpPolls(wire('limited'))
      room.open()
      await eventually('a result is refused', () => proxy.count('/tasks/result', 429) > 0)
      await eventually('a poll is refused', () => proxy.count('/tasks/next', 429) > 0)
      await clock.passWindow()
      const second = await dispatch(running(), { type: 'limited', params: { n: 2 } })
      for (const id of [first, second]) await running().client.waitForJob(id, isDone, { deadlineMs: 60_000 })

      expect(room.entered).toEqual([1, 2])
      // A job is done a moment before the worker has the answer to its result.
      await eventually('both results are taken', () => proxy.count('/tasks/result', 200) >= 2)
      expect(proxy.count('/tasks/result', 200)).toBe(2)
      expect(proxy.count('/tasks/result', 429)).toBeLessThan(5)
      expect(proxy.count('/tasks/next', 429)).toBeLessThan(5)
    })
  },
  ['classic', 'rxon'],
)
