import { describe, expect, test, vi } from 'vitest'
import { GENERATIONS, TAKES_NOTHING } from '../../support/generations.js'
import { eventually } from '../../support/interop/eventually.js'
import { type Crash, openPoll, startAfterCrash } from './set-up.js'
import { StandIn } from './stand-in.js'

/** After this time the orchestrator cannot hold a poll any more that was opened just before the crash. */
const FENCE_MS = 31_000
const STANDBY = 'w1-standby'

/** Ends the open polls of a worker id again and again, until the worker opens no more. */
const untilPollsEnd = async (standIn: StandIn, workerId: string) => {
  let looksWithoutPoll = 0
  await eventually(`no more polls of ${workerId}`, async () => {
    looksWithoutPoll = standIn.openPollsOf(workerId) === 0 ? looksWithoutPoll + 1 : 0
    standIn.endPoll(workerId)
    await vi.advanceTimersByTimeAsync(100)
    return looksWithoutPoll > 3
  })
}

const registeredIds = ({ registrations }: StandIn) => registrations.map(({ worker_id }) => worker_id)

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const BUSY = TAKES_NOTHING[generation]
  /** A registration of the second generation says `idle`: with a fence the record of the killed worker is kept (§3.1.22). */
  const whileFenced = (workerId: string) => (generation === 'rxon' ? [] : [workerId])

  /** Starts a worker after a crash that left an open poll under the worker's main id. */
  const startWithOpenPoll = (more: Omit<Crash, 'generation' | 'entries'> = {}) =>
    startAfterCrash({ generation, entries: (url) => [openPoll(url, 'w1')], ...more })

  describe('the standby', () => {
    test('registers first, is idle, and takes tasks', async () => {
      const { standIn, worker } = await startWithOpenPoll()
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilHeartbeat(STANDBY, 'idle')
      // In this order, because an orchestrator fails a job if no worker is idle.
      expect(registeredIds(standIn)).toEqual([STANDBY, ...whileFenced('w1')])
      expect(worker.readiness).toEqual({ ready: true })
      await standIn.untilPoll(STANDBY)
      const id = standIn.offer('echo', { n: 1 }, STANDBY)
      expect(await standIn.delivered(id)).toMatchObject([
        { worker_id: STANDBY, result: { status: 'success', data: { n: 1 } } },
      ])
    })

    test('shares a single slot with the main id', async () => {
      const { standIn } = await startWithOpenPoll({ variables: { MAX_CONCURRENT_TASKS: 1 } })
      await standIn.untilHeartbeat('w1', BUSY)
      for (let n = 0; n < 3; n++) {
        await eventually('a poll is open', () => standIn.openPolls > 0)
        // A poll that has been held for so long lends its slot to the other id.
        await vi.advanceTimersByTimeAsync(500)
        await standIn.untilPoll(STANDBY)
        expect(await standIn.delivered(standIn.offer('echo', {}, STANDBY))).toMatchObject([
          { worker_id: STANDBY, result: { status: 'success' } },
        ])
      }
    })

    test('leaves after the main id has reported idle, and delivers tasks that come before it has left', async () => {
      const { standIn, worker } = await startWithOpenPoll()
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilPoll(STANDBY)
      await vi.advanceTimersByTimeAsync(FENCE_MS)
      await standIn.untilHeartbeat(STANDBY, BUSY)
      const heartbeats = standIn.heartbeats.map(({ worker_id, status }) => `${worker_id} ${status}`)
      expect(heartbeats.indexOf('w1 idle')).toBeGreaterThan(0)
      expect(heartbeats.indexOf('w1 idle')).toBeLessThan(heartbeats.indexOf(`${STANDBY} ${BUSY}`))
      const late = standIn.offer('echo', {}, STANDBY)
      expect(await standIn.delivered(late)).toMatchObject([{ worker_id: STANDBY }])
      await untilPollsEnd(standIn, STANDBY)
      await standIn.untilPoll('w1')
      const id = standIn.offer('echo', {}, 'w1')
      expect(await standIn.delivered(id)).toMatchObject([{ worker_id: 'w1' }])
      expect(worker.readiness).toEqual({ ready: true })
    })

    test('polls until the orchestrator has its heartbeat that says busy', async () => {
      const { standIn } = await startWithOpenPoll()
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilPoll(STANDBY)
      standIn.refusedWorker = STANDBY
      await vi.advanceTimersByTimeAsync(FENCE_MS)
      await standIn.untilHeartbeat('w1', 'idle')
      await eventually('a heartbeat of the standby is refused', () => standIn.refusals > 0)
      standIn.endPoll(STANDBY)
      await vi.advanceTimersByTimeAsync(1_000)
      await standIn.untilPoll(STANDBY)
      standIn.refusedWorker = ''
      await vi.advanceTimersByTimeAsync(15_000)
      await standIn.untilHeartbeat(STANDBY, BUSY)
      await untilPollsEnd(standIn, STANDBY)
    })

    test('has an id that is not too long for any orchestrator', async () => {
      const workerId = 'w'.repeat(128)
      const { standIn } = await startAfterCrash({
        generation,
        entries: (url) => [openPoll(url, workerId)],
        variables: { WORKER_ID: workerId },
      })
      await standIn.untilHeartbeat(workerId, BUSY)
      expect(registeredIds(standIn)).toEqual([`${'w'.repeat(120)}-standby`, ...whileFenced(workerId)])
    })

    test('delivers a result again as soon as the orchestrator answers the main id', async () => {
      const { standIn } = await startWithOpenPoll({ variables: { RESULT_RETRY_INITIAL_DELAY: 60 } })
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilPoll(STANDBY)
      standIn.resultAnswer = 503
      const id = standIn.offer('echo', {}, STANDBY)
      await standIn.delivered(id)
      standIn.resultAnswer = 200
      standIn.refusedWorker = 'w1'
      await vi.advanceTimersByTimeAsync(15_000)
      await eventually('a heartbeat of the main id is refused', () => standIn.refusals > 0)
      standIn.refusedWorker = ''
      await vi.advanceTimersByTimeAsync(15_000)
      await standIn.delivered(id, 2)
    })

    test('hands back a task that comes while the worker stops', async () => {
      const { standIn, worker } = await startWithOpenPoll()
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilPoll(STANDBY)
      await standIn.untilPoll('w1')
      const stopped = worker.stop()
      await standIn.untilHeartbeat(STANDBY, BUSY)
      const id = standIn.offer('echo', {}, STANDBY)
      standIn.endPoll('w1')
      expect(await standIn.delivered(id)).toMatchObject([
        { worker_id: STANDBY, result: { status: 'failure', error: { code: 'TRANSIENT_ERROR' } } },
      ])
      await stopped
      expect(standIn.openPolls).toBe(0)
    })

    test('does not exist if its token is refused: the worker takes no tasks, and logs the reason once', async () => {
      const standIn = await StandIn.start(generation)
      standIn.refusedWorker = STANDBY
      const { worker, logged } = await startWithOpenPoll({ standIn })
      await standIn.untilHeartbeat('w1', BUSY)
      expect(registeredIds(standIn)).toEqual(whileFenced('w1'))
      expect(worker.readiness).toEqual({ ready: false, reason: expect.stringContaining('earlier worker') })
      await vi.advanceTimersByTimeAsync(FENCE_MS)
      await standIn.untilHeartbeat('w1', 'idle')
      await eventually('the main id is registered', () => registeredIds(standIn).length > 0)
      expect(registeredIds(standIn)).toEqual(['w1'])
      expect(worker.readiness).toEqual({ ready: true })
      expect(logged('warn')).toEqual([])
      expect(logged().filter(({ msg }) => msg.includes('Standby refused'))).toHaveLength(1)
    })

    test('does not exist with WORKER_POLL_FENCE=off', async () => {
      const { standIn } = await startWithOpenPoll({ variables: { WORKER_POLL_FENCE: false } })
      await standIn.untilHeartbeat('w1', 'idle')
      expect(registeredIds(standIn)).toEqual(['w1'])
    })
  })

  describe('the fence of the main id', () => {
    test('lasts as long as the journal says that the poll may be held', async () => {
      const { standIn } = await startAfterCrash({
        generation,
        entries: (url) => [openPoll(url, 'w1', 0, 61_000)],
      })
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilPoll('w1')
      await vi.advanceTimersByTimeAsync(FENCE_MS + 5_000)
      // A poll that was held for more than the regular time may end before an older one.
      standIn.endPoll('w1')
      await vi.advanceTimersByTimeAsync(15_000)
      await standIn.untilPoll('w1')
      expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: BUSY })
      expect(standIn.lastHeartbeat(STANDBY)).toMatchObject({ status: 'idle' })
      await vi.advanceTimersByTimeAsync(15_000)
      await standIn.untilHeartbeat('w1', 'idle')
    })

    test('ends when a newer poll that was held brings a task', async () => {
      const { standIn } = await startWithOpenPoll()
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilPoll('w1')
      // A poll that brings a task at once was not held: the task may be from another worker's queue.
      const early = standIn.offer('echo', {}, 'w1')
      expect(await standIn.delivered(early)).toMatchObject([{ worker_id: 'w1' }])
      await standIn.untilPoll('w1')
      await vi.advanceTimersByTimeAsync(1_000)
      expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: BUSY })
      standIn.offer('echo', {}, 'w1')
      await standIn.untilHeartbeat('w1', 'idle')
      await standIn.untilHeartbeat(STANDBY, BUSY)
    })

    test('ends when a newer poll that was held comes back empty', async () => {
      const { standIn } = await startAfterCrash({
        generation,
        entries: (url) => [openPoll(url, 'w1', 0, 61_000)],
      })
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilPoll('w1')
      await vi.advanceTimersByTimeAsync(FENCE_MS)
      expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: BUSY })
      standIn.endPoll('w1')
      await standIn.untilHeartbeat('w1', 'idle')
      await standIn.untilHeartbeat(STANDBY, BUSY)
    })

    test('does not delay the tasks that the earlier worker left: they go back at once', async () => {
      const { standIn } = await startAfterCrash({
        generation,
        entries: (url) => [
          openPoll(url, 'w1'),
          { fact: 'accepted', from: url, workerId: 'w1', jobId: 'j1', taskId: 't1', taskName: 'echo' },
          { fact: 'accepted', from: url, workerId: STANDBY, jobId: 'j2', taskId: 't2', taskName: 'echo' },
        ],
      })
      const handedBack = {
        status: 'failure',
        error: { message: 'The worker restarted before the task ended' },
      }
      expect(await standIn.delivered('t1')).toMatchObject([{ worker_id: 'w1', result: handedBack }])
      expect(await standIn.delivered('t2')).toMatchObject([{ worker_id: STANDBY, result: handedBack }])
      expect(standIn.lastHeartbeat(STANDBY)).toMatchObject({ status: 'idle' })
      expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: BUSY })
    })
  })

  describe('after a crash that left an open poll under the standby id', () => {
    test('the main id takes tasks, and the standby leaves when its fence ends', async () => {
      const { standIn, worker } = await startAfterCrash({
        generation,
        entries: (url) => [openPoll(url, STANDBY)],
      })
      await standIn.untilHeartbeat(STANDBY, BUSY)
      await standIn.untilHeartbeat('w1', 'idle')
      expect(worker.readiness).toEqual({ ready: true })
      await standIn.untilPoll(STANDBY)
      await vi.advanceTimersByTimeAsync(FENCE_MS)
      await untilPollsEnd(standIn, STANDBY)
      await standIn.untilPoll('w1')
      expect(standIn.lastHeartbeat(STANDBY)).toMatchObject({ status: BUSY })
    })

    test('and one under the main id, the worker takes tasks under the id whose fence ends first', async () => {
      const { standIn, worker } = await startAfterCrash({
        generation,
        entries: (url) => [openPoll(url, 'w1'), openPoll(url, STANDBY, 20_000)],
      })
      await standIn.untilHeartbeat('w1', BUSY)
      await standIn.untilHeartbeat(STANDBY, BUSY)
      expect(worker.readiness).toMatchObject({ ready: false })
      await vi.advanceTimersByTimeAsync(12_000)
      await standIn.untilHeartbeat(STANDBY, 'idle')
      expect(worker.readiness).toEqual({ ready: true })
      expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: BUSY })
      await vi.advanceTimersByTimeAsync(FENCE_MS)
      await standIn.untilHeartbeat('w1', 'idle')
      await standIn.untilHeartbeat(STANDBY, BUSY)
    })
  })
})

describe('§3.1.23 under the record of the killed worker, which heartbeats have left without skills', () => {
  const SKILLS = { supported_skills: [expect.objectContaining({ name: 'echo' })] }
  const heartbeatsOf = ({ heartbeats }: StandIn, id: string) =>
    heartbeats.filter(({ worker_id }) => worker_id === id)

  /** Resolves when the worker has sent the two heartbeats that leave the record without skills. */
  const startWithoutSkills = async (variables: Crash['variables'] = {}): Promise<StandIn> => {
    const entries = (url: string) => [openPoll(url, 'w1')]
    const { standIn } = await startAfterCrash({ generation: 'rxon', entries, variables })
    await eventually('two heartbeats', () => heartbeatsOf(standIn, 'w1').length > 1)
    return standIn
  }

  /** Lets the stand-in keep its answers until the returned function is called. */
  const closeGate = (standIn: StandIn): (() => void) => {
    let open = () => {}
    standIn.gate = new Promise((resolve) => {
      open = resolve
    })
    return open
  }

  test('the first heartbeat that says idle has all skills, and the registration waits for it', async () => {
    const standIn = await startWithoutSkills()
    // By the second one, because a heartbeat of the killed worker may come after the first one.
    const [first, second] = heartbeatsOf(standIn, 'w1')
    expect([first, second]).toMatchObject([
      { status: 'offline' },
      { status: 'offline', supported_skills: [] },
    ])
    expect(first).not.toHaveProperty('supported_skills')
    expect(second).not.toHaveProperty('skills_hash')
    await standIn.untilHeartbeat(STANDBY, 'idle')
    await vi.advanceTimersByTimeAsync(FENCE_MS - 1_000)
    const open = closeGate(standIn)
    await vi.advanceTimersByTimeAsync(1_000)
    await standIn.untilHeartbeat('w1', 'idle')
    expect(standIn.lastHeartbeat('w1')).toMatchObject(SKILLS)
    expect(standIn.lastHeartbeat('w1')).not.toHaveProperty('skills_hash')
    expect(registeredIds(standIn)).toEqual([STANDBY])
    open()
    await eventually('the main id is registered', () => registeredIds(standIn).includes('w1'))
    await standIn.untilHeartbeat(STANDBY, 'offline')
    // The orchestrator has the skills again, and a hash will do.
    await vi.advanceTimersByTimeAsync(15_000)
    await eventually('a heartbeat with a hash', () => standIn.lastHeartbeat('w1')?.['skills_hash'])
    expect(standIn.lastHeartbeat('w1')).not.toHaveProperty('supported_skills')
  })

  test('a heartbeat that takes the skills away is answered before the others are sent', async () => {
    const standIn = await startWithoutSkills({ HEARTBEAT_INTERVAL: 29.5 })
    await vi.advanceTimersByTimeAsync(FENCE_MS - 2_000)
    const open = closeGate(standIn)
    const before = heartbeatsOf(standIn, 'w1').length
    await vi.advanceTimersByTimeAsync(2_000)
    await eventually('its heartbeat is under way', () => heartbeatsOf(standIn, 'w1').length > before)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: 'offline', supported_skills: [] })
    expect(registeredIds(standIn)).toEqual([STANDBY])
    open()
    await eventually('the main id is registered', () => registeredIds(standIn).includes('w1'))
    expect(heartbeatsOf(standIn, 'w1')[before + 1]).toMatchObject({ status: 'idle', ...SKILLS })
  })

  test('the registration waits for such a heartbeat even if heartbeats fail when the fence ends', async () => {
    const standIn = await startWithoutSkills({ HEARTBEAT_INTERVAL: 29.5 })
    await vi.advanceTimersByTimeAsync(FENCE_MS - 2_000)
    standIn.failingHeartbeatsOf = 'w1'
    await eventually('a heartbeat fails', async () => {
      await vi.advanceTimersByTimeAsync(100)
      return standIn.refusals > 0
    })
    await eventually('a heartbeat that fails has the skills', async () => {
      await vi.advanceTimersByTimeAsync(100)
      return standIn.lastHeartbeat('w1')?.['status'] === 'idle' && standIn.refusals > 1
    })
    expect(standIn.lastHeartbeat('w1')).toMatchObject(SKILLS)
    expect(registeredIds(standIn)).toEqual([STANDBY])
    standIn.failingHeartbeatsOf = ''
    await eventually('the main id is registered', async () => {
      await vi.advanceTimersByTimeAsync(1_000)
      return registeredIds(standIn).includes('w1')
    })
    expect(standIn.lastHeartbeat('w1')).toMatchObject({ status: 'idle' })
  })

  test('the first heartbeat has all skills if the fence ends while the worker asks whether it is known', async () => {
    const standIn = await StandIn.start('rxon')
    standIn.refusedWorker = STANDBY
    const open = closeGate(standIn)
    const starting = startAfterCrash({
      generation: 'rxon',
      standIn,
      entries: (url) => [openPoll(url, 'w1', FENCE_MS - 2_000)],
    })
    await eventually('the worker asks', () => standIn.livenessChecks > 0)
    await vi.advanceTimersByTimeAsync(2_000)
    open()
    await starting
    await eventually('the main id is registered', () => registeredIds(standIn).includes('w1'))
    expect(heartbeatsOf(standIn, 'w1')[0]).toMatchObject({ status: 'idle', ...SKILLS })
  })
})
