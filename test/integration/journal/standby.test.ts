import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { JournalEntry } from '../../../src/journal/entries.js'
import { encodeEntry } from '../../../src/journal/record.js'
import { GENERATIONS, TAKES_NOTHING } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { holdTime, testWorker } from '../../support/test-worker.js'
import { setUp } from './set-up.js'
import { StandIn } from './stand-in.js'

/** As long as a poll may be held that was opened a moment ago. */
const HOLD_MS = 31_000
const STANDBY = 'w1-standby'

/** Resolves when the orchestrator has heard from `workerId` that it takes tasks, or that it takes none. */
const says = (standIn: StandIn, workerId: string, status: string) =>
  eventually(
    `${workerId} says ${status}`,
    () => standIn.lastOf(workerId)?.['status'] === status,
    {},
    () => standIn.heartbeats,
  )

const polls = (standIn: StandIn, workerId: string) =>
  eventually(`${workerId} polls`, () => standIn.pollsOf(workerId) > 0)

/** Resolves when its polls have ended, and no more come. */
const pollsNoMore = (standIn: StandIn, workerId: string) => {
  let looks = 0
  return eventually(`${workerId} polls no more`, async () => {
    looks = standIn.pollsOf(workerId) === 0 ? looks + 1 : 0
    standIn.endPoll(workerId)
    await vi.advanceTimersByTimeAsync(100)
    return looks > 3
  })
}

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const BUSY = TAKES_NOTHING[generation]

  /** What an earlier worker wrote before it was killed. */
  const polled = (from: string, workerId: string, agoMs = 0, holdMs?: number): JournalEntry => ({
    fact: 'polled',
    from,
    workerId,
    openedAtMs: Date.now() - agoMs,
    ...(holdMs !== undefined && { holdMs }),
  })

  /** A worker that comes after one that left those facts; its clock stands still. */
  const succeed = async (
    left: (from: string) => JournalEntry[],
    variables: Parameters<typeof testWorker>[0]['variables'] = {},
    { stranger } = { stranger: '' },
    others: readonly StandIn[] = [],
  ) => {
    const standIn = await StandIn.start(generation)
    standIn.stranger = stranger
    const folder = temporaryFolder()
    const urls = [standIn, ...others].map(({ url }) => url)
    writeFileSync(join(folder, 'journal.log'), urls.flatMap(left).map(encodeEntry).join(''))
    holdTime()
    const { worker, logged } = testWorker({
      url: standIn.url,
      variables: {
        ...(others.length > 0 && { ORCHESTRATORS_CONFIG: JSON.stringify(urls.map((url) => ({ url }))) }),
        ORCHESTRATOR_PROTOCOL: generation,
        WORKER_STATE_DIR: folder,
        WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.01,
        ...variables,
      },
    })
    worker.task('echo', (params) => ({ data: params }))
    await worker.start()
    return { standIn, worker, logged }
  }

  const registered = ({ registrations }: StandIn) => registrations.map(({ worker_id }) => worker_id)

  describe('while a poll of the dead one may be held', () => {
    test('tasks are taken under another id', async () => {
      const { standIn, worker } = await succeed((url) => [polled(url, 'w1')])
      await says(standIn, 'w1', BUSY)
      await says(standIn, STANDBY, 'idle')
      // In this order, as a job that finds nobody idle is refused.
      expect(registered(standIn)).toEqual([STANDBY, 'w1'])
      expect(worker.readiness).toEqual({ ready: true })
      await polls(standIn, STANDBY)
      const id = standIn.offer('echo', { n: 1 }, STANDBY)
      expect(await standIn.delivered(id)).toMatchObject([
        { worker_id: STANDBY, result: { status: 'success', data: { n: 1 } } },
      ])
    })

    test('one slot is enough for both ids', async () => {
      const { standIn } = await succeed((url) => [polled(url, 'w1')], { MAX_CONCURRENT_TASKS: 1 })
      await says(standIn, 'w1', BUSY)
      for (let n = 0; n < 3; n++) {
        await eventually('it polls', () => standIn.openPolls > 0)
        // From then on a poll that is held lends its slot.
        await vi.advanceTimersByTimeAsync(500)
        await polls(standIn, STANDBY)
        expect(await standIn.delivered(standIn.offer('echo', {}, STANDBY))).toMatchObject([
          { worker_id: STANDBY, result: { status: 'success' } },
        ])
      }
    })

    test('and no longer, tasks are taken under another id', async () => {
      const { standIn, worker } = await succeed((url) => [polled(url, 'w1')])
      await says(standIn, 'w1', BUSY)
      await polls(standIn, STANDBY)
      await vi.advanceTimersByTimeAsync(HOLD_MS)
      await says(standIn, STANDBY, BUSY)
      const said = standIn.heartbeats.map(({ worker_id, status }) => `${worker_id} ${status}`)
      expect(said.indexOf('w1 idle')).toBeGreaterThan(0)
      expect(said.indexOf('w1 idle')).toBeLessThan(said.indexOf(`${STANDBY} ${BUSY}`))
      // Something may be there that was meant for it.
      const late = standIn.offer('echo', {}, STANDBY)
      expect(await standIn.delivered(late)).toMatchObject([{ worker_id: STANDBY }])
      await pollsNoMore(standIn, STANDBY)
      await polls(standIn, 'w1')
      const id = standIn.offer('echo', {}, 'w1')
      expect(await standIn.delivered(id)).toMatchObject([{ worker_id: 'w1' }])
      expect(worker.readiness).toEqual({ ready: true })
    })

    test('the other id polls until the orchestrator has heard that it takes nothing', async () => {
      const { standIn } = await succeed((url) => [polled(url, 'w1')])
      await says(standIn, 'w1', BUSY)
      await polls(standIn, STANDBY)
      standIn.stranger = STANDBY
      await vi.advanceTimersByTimeAsync(HOLD_MS)
      await says(standIn, 'w1', 'idle')
      await eventually('it is refused', () => standIn.refusals > 0)
      standIn.endPoll(STANDBY)
      await vi.advanceTimersByTimeAsync(1_000)
      await polls(standIn, STANDBY)
      standIn.stranger = ''
      await vi.advanceTimersByTimeAsync(15_000)
      await says(standIn, STANDBY, BUSY)
      await pollsNoMore(standIn, STANDBY)
    })

    test('a poll of the same id that waits in line and brings a task shows that it is over', async () => {
      const { standIn } = await succeed((url) => [polled(url, 'w1')])
      await says(standIn, 'w1', BUSY)
      await polls(standIn, 'w1')
      // One that has it at once may have it from somebody else's queue.
      const stolen = standIn.offer('echo', {}, 'w1')
      expect(await standIn.delivered(stolen)).toMatchObject([{ worker_id: 'w1' }])
      await polls(standIn, 'w1')
      await vi.advanceTimersByTimeAsync(1_000)
      expect(standIn.lastOf('w1')).toMatchObject({ status: BUSY })
      standIn.offer('echo', {}, 'w1')
      await says(standIn, 'w1', 'idle')
      await says(standIn, STANDBY, BUSY)
    })

    test('for longer, as its journal says, tasks are taken under another id for longer', async () => {
      const { standIn } = await succeed((url) => [polled(url, 'w1', 0, 61_000)])
      await says(standIn, 'w1', BUSY)
      await polls(standIn, 'w1')
      await vi.advanceTimersByTimeAsync(HOLD_MS + 5_000)
      // One that was held for so long may have ended before an older one.
      standIn.endPoll('w1')
      await vi.advanceTimersByTimeAsync(15_000)
      await polls(standIn, 'w1')
      expect(standIn.lastOf('w1')).toMatchObject({ status: BUSY })
      expect(standIn.lastOf(STANDBY)).toMatchObject({ status: 'idle' })
      await vi.advanceTimersByTimeAsync(15_000)
      await says(standIn, 'w1', 'idle')
    })

    test('a poll of the same id that is held and comes back empty shows that it is over', async () => {
      const { standIn } = await succeed((url) => [polled(url, 'w1', 0, 61_000)])
      await says(standIn, 'w1', BUSY)
      await polls(standIn, 'w1')
      await vi.advanceTimersByTimeAsync(HOLD_MS)
      expect(standIn.lastOf('w1')).toMatchObject({ status: BUSY })
      standIn.endPoll('w1')
      await says(standIn, 'w1', 'idle')
      await says(standIn, STANDBY, BUSY)
    })

    test('its tasks are handed back at once: somebody idle is there', async () => {
      const { standIn } = await succeed((from) => [
        polled(from, 'w1'),
        { fact: 'accepted', from, workerId: 'w1', jobId: 'j1', taskId: 't1', taskName: 'echo' },
        { fact: 'accepted', from, workerId: STANDBY, jobId: 'j2', taskId: 't2', taskName: 'echo' },
      ])
      for (const [id, workerId] of [
        ['t1', 'w1'],
        ['t2', STANDBY],
      ] as const)
        expect(await standIn.delivered(id)).toMatchObject([
          { worker_id: workerId, result: { status: 'failure', error: { message: 'worker restarted' } } },
        ])
      expect(standIn.lastOf(STANDBY)).toMatchObject({ status: 'idle' })
      expect(standIn.lastOf('w1')).toMatchObject({ status: BUSY })
    })

    test('a result of the other id goes as soon as the orchestrator answers the first one again', async () => {
      const { standIn } = await succeed((url) => [polled(url, 'w1')], { RESULT_RETRY_INITIAL_DELAY: 60 })
      await says(standIn, 'w1', BUSY)
      await polls(standIn, STANDBY)
      standIn.resultAnswer = 503
      const id = standIn.offer('echo', {}, STANDBY)
      await standIn.delivered(id)
      standIn.resultAnswer = 200
      standIn.stranger = 'w1'
      await vi.advanceTimersByTimeAsync(15_000)
      await eventually('it is refused', () => standIn.refusals > 0)
      standIn.stranger = ''
      await vi.advanceTimersByTimeAsync(15_000)
      await standIn.delivered(id, 2)
    })

    test('a worker that ends hands back what comes under either id', async () => {
      const { standIn, worker } = await succeed((url) => [polled(url, 'w1')])
      await says(standIn, 'w1', BUSY)
      await polls(standIn, STANDBY)
      await polls(standIn, 'w1')
      const stopped = worker.stop()
      await says(standIn, STANDBY, BUSY)
      const id = standIn.offer('echo', {}, STANDBY)
      standIn.endPoll('w1')
      expect(await standIn.delivered(id)).toMatchObject([
        { worker_id: STANDBY, result: { status: 'failure', error: { code: 'TRANSIENT_ERROR' } } },
      ])
      await stopped
      expect(standIn.openPolls).toBe(0)
    })

    test('a worker that may have no second id takes no tasks, and says why, once', async () => {
      const { standIn, worker, logged } = await succeed(
        (url) => [polled(url, 'w1')],
        {},
        { stranger: STANDBY },
      )
      await says(standIn, 'w1', BUSY)
      expect(registered(standIn)).toEqual(['w1'])
      expect(worker.readiness).toEqual({ ready: false, reason: expect.stringContaining('earlier worker') })
      await vi.advanceTimersByTimeAsync(HOLD_MS)
      await says(standIn, 'w1', 'idle')
      expect(worker.readiness).toEqual({ ready: true })
      expect(logged('warn')).toEqual([])
      expect(logged().filter(({ msg }) => msg.includes('Standby refused'))).toHaveLength(1)
    })

    test('the other id is not too long for any orchestrator', async () => {
      const workerId = 'w'.repeat(128)
      const { standIn } = await succeed((url) => [polled(url, workerId)], { WORKER_ID: workerId })
      await says(standIn, workerId, BUSY)
      expect(registered(standIn)).toEqual([`${'w'.repeat(120)}-standby`, workerId])
    })

    test('WORKER_POLL_FENCE=off takes tasks under its own id', async () => {
      const { standIn } = await succeed((url) => [polled(url, 'w1')], { WORKER_POLL_FENCE: false })
      await says(standIn, 'w1', 'idle')
      expect(registered(standIn)).toEqual(['w1'])
    })
  })

  describe('while a poll of the other id may be held', () => {
    test('that takes no tasks, and goes when it cannot be', async () => {
      const { standIn, worker } = await succeed((url) => [polled(url, STANDBY)])
      await says(standIn, STANDBY, BUSY)
      await says(standIn, 'w1', 'idle')
      expect(worker.readiness).toEqual({ ready: true })
      await polls(standIn, STANDBY)
      await vi.advanceTimersByTimeAsync(HOLD_MS)
      await pollsNoMore(standIn, STANDBY)
      await polls(standIn, 'w1')
      expect(standIn.lastOf(STANDBY)).toMatchObject({ status: BUSY })
    })

    test('as well as one of its own, tasks are taken under whichever is free first', async () => {
      const { standIn, worker } = await succeed((url) => [polled(url, 'w1'), polled(url, STANDBY, 20_000)])
      await says(standIn, 'w1', BUSY)
      await says(standIn, STANDBY, BUSY)
      expect(worker.readiness).toMatchObject({ ready: false })
      await vi.advanceTimersByTimeAsync(12_000)
      await says(standIn, STANDBY, 'idle')
      expect(worker.readiness).toEqual({ ready: true })
      expect(standIn.lastOf('w1')).toMatchObject({ status: BUSY })
      await vi.advanceTimersByTimeAsync(HOLD_MS)
      await says(standIn, 'w1', 'idle')
      await says(standIn, STANDBY, BUSY)
    })
  })

  describe('with several orchestrators', () => {
    test('it is beside the one in use', async () => {
      const second = await StandIn.start(generation)
      const { standIn: first, worker } = await succeed((url) => [polled(url, 'w1')], {}, undefined, [second])
      await says(first, 'w1', BUSY)
      await says(first, STANDBY, 'idle')
      expect(second.registrations).toEqual([])
      expect(worker.readiness).toEqual({ ready: true })
      first.stranger = 'w1'
      await vi.advanceTimersByTimeAsync(15_000)
      await says(second, STANDBY, 'idle')
      await says(second, 'w1', BUSY)
      await says(first, STANDBY, BUSY)
    })

    test('ROUND_ROBIN has one at each that may hold a poll', async () => {
      const second = await StandIn.start(generation)
      const { standIn: first } = await succeed(
        (url) => (url === second.url ? [] : [polled(url, 'w1')]),
        { MULTI_ORCHESTRATOR_MODE: 'ROUND_ROBIN' },
        undefined,
        [second],
      )
      await says(first, STANDBY, 'idle')
      await says(second, 'w1', 'idle')
      expect(registered(second)).toEqual(['w1'])
    })
  })

  test('the journal says for how long a poll may be held', async () => {
    const { standIn, folder, start } = await setUp(generation, { TASK_POLL_TIMEOUT: '2' })
    await start()
    await polls(standIn, 'w1')
    const holdMs = { classic: 2_000, rxon: 33_000 }[generation]
    expect(readFileSync(join(folder, 'journal.log'), 'utf8')).toContain(`"holdMs":${holdMs}`)
  })

  describe('killed again and again', () => {
    /**
     * The journals say that polls may be held for longer than any of these workers takes to start; the orchestrator
     * answers them earlier, which shows the next worker that those of its predecessor are over.
     */
    const setUpFenced = async () => {
      const stage = await setUp(generation, { WORKER_POLL_FENCE: 'on', TASK_POLL_TIMEOUT: '60' })
      stage.standIn.holdMs = 1_000
      return stage
    }

    /** One that was killed while it polled, and then the next. */
    const second = async ({ standIn, start }: Awaited<ReturnType<typeof setUpFenced>>) => {
      const first = await start()
      await polls(standIn, 'w1')
      await first.kill()
      const worker = await start()
      await polls(standIn, STANDBY)
      return worker
    }

    test('a worker takes nothing under an id that may have a poll', async () => {
      const stage = await setUpFenced()
      const { standIn, start } = stage
      await (await second(stage)).kill()
      standIn.heartbeats.length = 0
      const third = await start()
      for (const workerId of ['w1', STANDBY]) {
        await eventually(`${workerId} is heard of`, () => standIn.lastOf(workerId))
        expect(standIn.heartbeats.find(({ worker_id }) => worker_id === workerId)).toMatchObject({
          status: BUSY,
        })
      }
      await says(standIn, 'w1', 'idle')
      await says(standIn, STANDBY, BUSY)
      await third.says(`delivered ${standIn.offer('echo')}`)
    })

    test('a worker answers for what it has taken under the other id', async () => {
      const stage = await setUpFenced()
      const { standIn, start } = stage
      const worker = await second(stage)
      const id = standIn.offer('hang', {}, STANDBY)
      await worker.says(`hangs ${id}`)
      await worker.kill()
      await start()
      expect(await standIn.delivered(id)).toMatchObject([
        { worker_id: STANDBY, result: { status: 'failure', error: { message: 'worker restarted' } } },
      ])
    })
  })
})
