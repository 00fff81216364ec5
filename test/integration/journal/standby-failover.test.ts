import { describe, expect, test, vi } from 'vitest'
import { GENERATIONS, TAKES_NOTHING } from '../../support/generations.js'
import { openPoll, startAfterCrash } from './set-up.js'
import { StandIn } from './stand-in.js'

const STANDBY = 'w1-standby'

describe.each(GENERATIONS)('with two orchestrators of the generation %s', (generation) => {
  const BUSY = TAKES_NOTHING[generation]

  test('in FAILOVER the standby runs at the orchestrator in use, and moves with it', async () => {
    const second = await StandIn.start(generation)
    const { standIn: first, worker } = await startAfterCrash({
      generation,
      entries: (url) => [openPoll(url, 'w1')],
      others: [second],
    })
    await first.untilHeartbeat('w1', BUSY)
    await first.untilHeartbeat(STANDBY, 'idle')
    expect(second.registrations).toEqual([])
    expect(worker.readiness).toEqual({ ready: true })
    first.refusedWorker = 'w1'
    await vi.advanceTimersByTimeAsync(15_000)
    await second.untilHeartbeat(STANDBY, 'idle')
    await second.untilHeartbeat('w1', BUSY)
    await first.untilHeartbeat(STANDBY, BUSY)
  })

  test('in ROUND_ROBIN a standby runs only at an orchestrator that may hold a poll', async () => {
    const second = await StandIn.start(generation)
    const { standIn: first } = await startAfterCrash({
      generation,
      entries: (url) => (url === second.url ? [] : [openPoll(url, 'w1')]),
      variables: { MULTI_ORCHESTRATOR_MODE: 'ROUND_ROBIN' },
      others: [second],
    })
    await first.untilHeartbeat(STANDBY, 'idle')
    await second.untilHeartbeat('w1', 'idle')
    expect(second.registrations.map(({ worker_id }) => worker_id)).toEqual(['w1'])
  })
})
