import { afterEach, describe, expect, test, vi } from 'vitest'
import { PASS } from '../../support/chaos/fault.js'
import { remote, workerOf } from '../../support/chaos/fleet.js'
import { holdClock, pass, settle } from '../../support/chaos/virtual-time.js'
import { GENERATIONS, TAKES_NOTHING } from '../../support/generations.js'
import { nextEvent } from '../../support/next-event.js'

const LAST_WORDS_MS = 2_000

afterEach(() => void vi.useRealTimers())

describe.each(GENERATIONS)(
  'a worker of the generation %s that stops without waiting for its polls',
  (generation) => {
    test('ends when the orchestrator has heard of it', async () => {
      const only = await remote('only', { generation })
      const worker = workerOf([only]).task('echo', () => ({}))
      const registered = nextEvent(worker, 'registered')
      await worker.start()
      await registered
      await only.orchestrator.waitForWorker('echo')
      only.proxy.plan = ({ method }) => (method === 'PATCH' ? { kind: 'delay', ms: 300 } : PASS)
      await worker.stop({ pollGraceMs: 0 })
      expect(only.orchestrator.workers()).toMatchObject([{ status: TAKES_NOTHING[generation] }])
    })

    test('ends after two seconds if the orchestrator does not respond', async () => {
      const only = await remote('only', { generation })
      holdClock()
      const worker = workerOf([only]).task('echo', () => ({}))
      await worker.start()
      await pass(5_000)
      only.proxy.freeze()
      const stopped = vi.fn()
      void worker.stop({ pollGraceMs: 0 }).then(stopped)
      await pass(LAST_WORDS_MS)
      // What is left is to close files: no clock has to move for that.
      await settle(() => stopped.mock.calls.length > 0)
      expect(worker.state).toBe('stopped')
    })
  },
)
