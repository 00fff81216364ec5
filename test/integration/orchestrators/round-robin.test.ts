import { beforeEach, describe, expect, test, vi } from 'vitest'
import { type FleetSetup, type Remote, remote, workerOf } from '../../support/chaos/fleet.js'
import { FULL, GENERATIONS, SUCCEEDED } from '../../support/generations.js'
import { WaitingRoom } from '../../support/interop/waiting-room.js'
import { lowDice } from '../../support/low-dice.js'
import { nextEvent } from '../../support/next-event.js'

beforeEach(lowDice)

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const TASK_NEXT = '/tasks/next'

  const pair = async (pollHoldMs?: number): Promise<[Remote, Remote]> => {
    const options = pollHoldMs === undefined ? {} : { pollHoldMs }
    return [
      await remote('left', { generation, ...options }),
      await remote('right', { generation, ...options }),
    ]
  }

  const roundRobin = (remotes: readonly Remote[], setup: FleetSetup = {}) =>
    workerOf(remotes, { ...setup, mode: 'ROUND_ROBIN' })

  const known = (remotes: readonly Remote[], taskName: string) =>
    Promise.all(remotes.map(({ orchestrator }) => orchestrator.waitForWorker(taskName)))

  const create = ({ orchestrator }: Remote, task: string, n: number, timeoutMs = 600_000) =>
    orchestrator.createJob({ task, params: { n }, timeoutMs })

  const done = async ({ orchestrator }: Remote, id: string) =>
    expect((await orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])

  /** A poll that the proxy cut is still held, and would take the next task with it: one that came later has to end first. */
  const orphansAreOver = async ({ proxy }: Remote) => {
    const before = proxy.count('GET', TASK_NEXT)
    await vi.waitFor(() => expect(proxy.count('GET', TASK_NEXT)).toBeGreaterThan(before + 1), 10_000)
  }

  test('all are registered with, heartbeaten to and polled', async () => {
    const remotes = await pair()
    await roundRobin(remotes)
      .task('echo', () => ({}))
      .start()
    for (const each of remotes) {
      await vi.waitFor(() => expect(each.proxy.count('PATCH')).toBeGreaterThan(3), 10_000)
      expect(each.proxy.count('POST', '/register')).toBe(1)
      expect(each.proxy.count('GET', TASK_NEXT)).toBeGreaterThan(0)
    }
  })

  test.each([1, 4])(
    'weights of 100 and 50 take tasks 2 to 1 when both are full, slots: %i',
    async (slots) => {
      const [left, right] = await pair()
      const worker = roundRobin([left, right], { weights: [100, 50], maxConcurrentTasks: slots })
      const taken: string[] = []
      let inside = 0
      let peak = 0
      worker.task('count', async ({ from }) => {
        taken.push(from)
        peak = Math.max(peak, ++inside)
        await new Promise(setImmediate)
        inside--
        return {}
      })
      await worker.start()
      await known([left, right], 'count')
      const fill = (from: Remote, name: string) =>
        Promise.all(
          Array.from({ length: 330 }, () =>
            from.orchestrator.createJob({ task: 'count', params: { from: name }, timeoutMs: 600_000 }),
          ),
        )
      const [jobs] = await Promise.all([fill(left, 'left'), fill(right, 'right')])
      await Promise.all(jobs.map(({ id }) => done(left, id)))
      // The first few went to whoever was full first; the last ones to whoever was left.
      const both = taken.slice(15, 465)
      const share = both.filter((from) => from === 'left').length / both.length
      expect(share).toBeGreaterThan((2 / 3) * 0.95)
      expect(share).toBeLessThan((2 / 3) * 1.05)
      expect(peak).toBeLessThanOrEqual(slots)
    },
  )

  test('one capacity is shared: never more tasks at once than slots', async () => {
    const remotes = await pair()
    const room = new WaitingRoom()
    await roundRobin(remotes, { maxConcurrentTasks: 3 }).task('crowd', room.handler).start()
    await known(remotes, 'crowd')
    const jobs = await Promise.all(
      remotes.flatMap((each) =>
        [1, 2, 3, 4, 5].map(async (n) => ({ each, id: (await create(each, 'crowd', n)).id })),
      ),
    )
    for (let n = 3; n <= 10; n++) {
      await room.untilEntered(n)
      room.letOneOut()
    }
    room.open()
    for (const { each, id } of jobs) await done(each, id)
    expect(room.peak).toBe(3)
  })

  describe('an orchestrator without work, which holds a poll for half a minute', () => {
    test('does not keep the only slot from one that has work, nor is it forgotten', async () => {
      const [idle, busy] = await pair(30_000)
      await roundRobin([idle, busy], { maxConcurrentTasks: 1 })
        .task('echo', () => ({}))
        .start()
      await known([idle, busy], 'echo')
      const began = performance.now()
      for (let n = 0; n < 20; n++) await done(busy, (await create(busy, 'echo', n)).id)
      await done(idle, (await create(idle, 'echo', 0)).id)
      for (let n = 0; n < 20; n++) await done(busy, (await create(busy, 'echo', n)).id)
      expect(performance.now() - began).toBeLessThan(15_000)
    })

    test('has one poll open, and so has the other, while two slots are free', async () => {
      const remotes = await pair(30_000)
      await roundRobin(remotes, { maxConcurrentTasks: 2 })
        .task('echo', () => ({}))
        .start()
      for (const { proxy } of remotes)
        await vi.waitFor(() => expect(proxy.count('GET', TASK_NEXT)).toBe(1), 10_000)
    })
  })

  test('two tasks for one slot: one waits for it, and both are done', async () => {
    const remotes = await pair(30_000)
    const room = new WaitingRoom()
    await roundRobin(remotes, { maxConcurrentTasks: 1 }).task('alone', room.handler).start()
    await known(remotes, 'alone')
    for (const { proxy } of remotes)
      await vi.waitFor(() => expect(proxy.count('GET', TASK_NEXT)).toBe(1), 10_000)
    const jobs = await Promise.all(
      remotes.map(async (each, n) => ({ each, id: (await create(each, 'alone', n)).id })),
    )
    await room.untilEntered(1)
    for (const { orchestrator } of remotes)
      await vi.waitFor(
        () => expect(orchestrator.workers()).toMatchObject([{ status: FULL[generation], load: 2 }]),
        10_000,
      )
    room.open()
    for (const { each, id } of jobs) await done(each, id)
    expect(room.peak).toBe(1)
  })

  test('one that is away is named, costs no task and is taken back', async () => {
    const [away, there] = await pair()
    const worker = roundRobin([away, there]).task('echo', () => ({}))
    await away.proxy.refuse()
    const registered = nextEvent(worker, 'registered', (event) => event.orchestrator === there.proxy.url)
    await worker.start()
    await registered
    await done(there, (await create(there, 'echo', 1)).id)
    expect(worker.readiness.ready).toBe(true)
    expect(worker.readiness.reason).toContain(away.proxy.url)
    await there.proxy.refuse()
    await vi.waitFor(() => expect(worker.readiness.ready).toBe(false), 10_000)
    expect(worker.readiness.reason).toContain(there.proxy.url)
    await Promise.all([away.proxy.accept(), there.proxy.accept()])
    await Promise.all([away, there].map(orphansAreOver))
    for (const each of [away, there]) await done(each, (await create(each, 'echo', 2)).id)
    await vi.waitFor(() => expect(worker.readiness).toEqual({ ready: true }), 10_000)
  })
})
