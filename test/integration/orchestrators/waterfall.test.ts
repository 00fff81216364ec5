import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type FleetSetup, type Remote, remote, workerOf } from '../../support/chaos/fleet.js'
import { GENERATIONS, SUCCEEDED } from '../../support/generations.js'
import { WaitingRoom } from '../../support/interop/waiting-room.js'
import { lowDice } from '../../support/low-dice.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

beforeEach(lowDice)

const TASK_NEXT = '/tasks/next'

describe.each(GENERATIONS)('WATERFALL with orchestrators of the generation %s', (generation) => {
  const remotes = async (count: number, pollHoldMs = 30_000): Promise<readonly Remote[]> => {
    const all: Remote[] = []
    for (let n = 0; n < count; n++) all.push(await remote(`o${n}`, { generation, pollHoldMs }))
    return all
  }

  const waterfall = (all: readonly Remote[], setup: FleetSetup = {}) =>
    workerOf(all, { ...setup, mode: 'WATERFALL' })

  const polls = ({ proxy }: Remote) => proxy.count('GET', TASK_NEXT)

  const create = ({ orchestrator }: Remote, task: string, n: number) =>
    orchestrator.createJob({ task, params: { n }, timeoutMs: 600_000 })

  const done = async ({ orchestrator }: Remote, id: string) =>
    expect((await orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])

  test('all are registered with and heartbeaten to; while nobody has work, each has one poll open', async () => {
    const all = await remotes(3)
    const worker = waterfall(all).task('echo', () => ({}))
    await worker.start()
    for (const each of all) {
      await vi.waitFor(() => expect(each.proxy.count('PATCH')).toBeGreaterThan(3), 10_000)
      await vi.waitFor(() => expect(polls(each)).toBe(1), 10_000)
      expect(each.proxy.count('POST', '/register')).toBe(1)
    }
    expect(worker.readiness).toEqual({ ready: true })
  })

  test.each([1, 3])('each is served while the others have nothing, slots: %i', async (slots) => {
    const all = await remotes(3)
    await waterfall(all, { maxConcurrentTasks: slots })
      .task('echo', () => ({}))
      .start()
    for (const each of [2, 0, 1, 2, 2, 0].map((place) => all[place] as Remote)) {
      await each.orchestrator.waitForWorker('echo')
      await done(each, (await create(each, 'echo', 0)).id)
    }
  })

  test('the second is left as soon as the first has work: no more than its open poll brings a task', async () => {
    const all = await remotes(2)
    const [first, second] = all as [Remote, Remote]
    const room = new WaitingRoom()
    await waterfall(all, { maxConcurrentTasks: 1 }).task('crowd', room.handler).start()
    for (const each of all) await vi.waitFor(() => expect(polls(each)).toBe(1), 10_000)
    const jobs: { each: Remote; id: string }[] = []
    for (const [n, each] of [first, second].entries()) {
      for (let job = 0; job < 12; job++) jobs.push({ each, id: (await create(each, 'crowd', n)).id })
    }
    await room.untilEntered(1)
    room.open()
    for (const { each, id } of jobs) await done(each, id)
    const fromSecond = room.entered.slice(0, room.entered.lastIndexOf(0)).filter((n) => n === 1)
    expect(room.entered).toHaveLength(24)
    expect(fromSecond.length).toBeLessThanOrEqual(1)
  })

  test('the second has work while the first is away, and the first is taken back', async () => {
    const all = await remotes(2, 300)
    const [first, second] = all as [Remote, Remote]
    await first.proxy.refuse()
    const worker = waterfall(all).task('echo', () => ({}))
    await worker.start()
    await second.orchestrator.waitForWorker('echo')
    for (let n = 0; n < 3; n++) await done(second, (await create(second, 'echo', n)).id)
    expect(worker.readiness).toMatchObject({ ready: true, reason: expect.stringContaining(first.proxy.url) })
    await first.proxy.accept()
    await first.orchestrator.waitForWorker('echo')
    await done(first, (await create(first, 'echo', 9)).id)
  })
})

describe('an orchestrator that limits the polls', () => {
  const pair = async (mode: 'FAILOVER' | 'WATERFALL') => {
    const [first, second] = [await RawOrchestrator.start(), await RawOrchestrator.start()]
    const { worker } = testWorker({
      url: first.url,
      variables: {
        ORCHESTRATORS_CONFIG: [
          { url: first.url, priority: 1 },
          { url: second.url, priority: 2 },
        ],
        MULTI_ORCHESTRATOR_MODE: mode,
        HEARTBEAT_INTERVAL: 0.1,
      },
    })
    worker.task('echo', (params) => ({ data: params }))
    const limits = (seconds: number) =>
      first.answers('poll', { status: 429, body: {}, headers: { 'retry-after': String(seconds) } })
    return { first, second, worker, limits }
  }

  test.each([1, 120])(
    'for %i s is passed over in WATERFALL: the next one is polled at once',
    async (seconds) => {
      const { second, worker, limits } = await pair('WATERFALL')
      limits(seconds)
      await worker.start()
      second.offer('echo', { n: 1 }, 'from-second')
      expect((await second.next('result')).body).toMatchObject({ task_id: 'from-second' })
      expect(worker.readiness.ready).toBe(true)
    },
  )

  test('for more than a minute counts as away in FAILOVER, until the limit is over', async () => {
    const { first, second, worker, limits } = await pair('FAILOVER')
    limits(120)
    const switched = new Promise((resolve) => worker.on('orchestratorChanged', resolve))
    await worker.start()
    expect(await switched).toEqual({ from: first.url, to: second.url })
    second.offer('echo', { n: 1 }, 'from-second')
    expect((await second.next('result')).body).toMatchObject({ task_id: 'from-second' })
    // It answers heartbeats for longer than it would take to return to it, but its limit is not over.
    const before = first.calls('heartbeat').length
    await vi.waitFor(() => expect(first.calls('heartbeat').length).toBeGreaterThan(before + 5), 10_000)
    expect(first.calls('poll')).toHaveLength(1)
  })

  test('for less than a minute is waited for in FAILOVER', async () => {
    const { first, second, worker, limits } = await pair('FAILOVER')
    limits(60)
    await worker.start()
    await first.answered('poll')
    const before = first.calls('heartbeat').length
    await vi.waitFor(() => expect(first.calls('heartbeat').length).toBeGreaterThan(before + 3), 10_000)
    expect(second.calls()).toEqual([])
  })
})
