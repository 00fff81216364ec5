import type { Worker } from 'avtomatika-worker'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { HTML, PASS } from '../../support/chaos/fault.js'
import { type Remote, remote, workerOf } from '../../support/chaos/fleet.js'
import { GENERATIONS, SUCCEEDED, TAKES_NOTHING } from '../../support/generations.js'
import { WaitingRoom } from '../../support/interop/waiting-room.js'
import { lowDice } from '../../support/low-dice.js'
import { nextEvent } from '../../support/next-event.js'

beforeEach(lowDice)

/** For so long a better orchestrator has to answer: two heartbeats. */
const PROBATION_MS = 200

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const TASK_NEXT = '/tasks/next'

  const pair = async (): Promise<[Remote, Remote]> => [
    await remote('first', { generation }),
    await remote('second', { generation }),
  ]

  const echoing = (remotes: readonly Remote[], ...rest: [Parameters<typeof workerOf>[1]?]) =>
    workerOf(remotes, ...rest).task('echo', (params) => ({ data: params }))

  const doOne = async ({ orchestrator }: Remote) => {
    const { id } = await orchestrator.createJob({ task: 'echo', params: { at: orchestrator.port } })
    return (await orchestrator.waitForJob(id)).state
  }

  const sawHeartbeats = (of: Remote, count: number) =>
    vi.waitFor(() => expect(of.proxy.count('PATCH')).toBeGreaterThanOrEqual(count), 10_000)

  /** Resolves once the worker has gone to `to`. */
  const wentTo = (worker: ReturnType<typeof workerOf>, to: Remote) =>
    nextEvent(worker, 'orchestratorChanged', (event) => event.to === to.proxy.url)

  /** A machine that held this process up for a second is amiss for a moment, too: the worker says so until it turns again. */
  const saysSoon = (worker: ReturnType<typeof workerOf>, readiness: Worker['readiness']) =>
    vi.waitFor(() => expect(worker.readiness).toEqual(readiness), 10_000)

  describe('the active orchestrator', () => {
    test('alone is spoken to', async () => {
      const [first, second] = await pair()
      const worker = echoing([first, second])
      await worker.start()
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      await sawHeartbeats(first, 4)
      await saysSoon(worker, { ready: true })
      expect(second.proxy.requests).toEqual([])
    })

    test('is left at once when it refuses connections', async () => {
      const [first, second] = await pair()
      const worker = echoing([first, second])
      await worker.start()
      const delivered = nextEvent(worker, 'resultDelivered')
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      await delivered
      const switched = nextEvent(worker, 'orchestratorChanged')
      await first.proxy.refuse()
      expect(await switched).toEqual({ from: first.proxy.url, to: second.proxy.url })
      expect(await doOne(second)).toBe(SUCCEEDED[generation])
      await saysSoon(worker, {
        ready: true,
        reason: `${second.proxy.url} is used instead of ${first.proxy.url}`,
      })
    })

    test('is passed over when it is away from the start', async () => {
      const [first, second] = await pair()
      await first.proxy.refuse()
      await echoing([first, second]).start()
      expect(await doOne(second)).toBe(SUCCEEDED[generation])
    })

    test('is left when it refuses the token', async () => {
      const [first, second] = await pair()
      const worker = echoing([first, second])
      await worker.start()
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      const switched = wentTo(worker, second)
      first.proxy.plan = () => ({ kind: 'answer', status: 401, body: '{"error": "No valid token found"}' })
      await switched
      expect(await doOne(second)).toBe(SUCCEEDED[generation])
    })

    test.each([
      ['500', { kind: 'answer', status: 500 } as const],
      ['a page of a gateway', HTML],
      ['a broken connection', { kind: 'reset', when: 'before' } as const],
    ])('is left when its polls come to nothing three times in a row: %s', async (_, fault) => {
      const [first, second] = await pair()
      const worker = echoing([first, second])
      await worker.start()
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      const switched = wentTo(worker, second)
      let broken = 0
      first.proxy.plan = ({ path }) => {
        if (!path.endsWith(TASK_NEXT)) return PASS
        broken++
        return fault
      }
      await switched
      expect(broken).toBeGreaterThanOrEqual(3)
      expect(await doOne(second)).toBe(SUCCEEDED[generation])
    })

    test('is kept through a stumble', async () => {
      const [first, second] = await pair()
      const worker = echoing([first, second])
      await worker.start()
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      let left = 2
      first.proxy.plan = ({ path }) =>
        path.endsWith(TASK_NEXT) && left-- > 0 ? { kind: 'answer', status: 503 } : PASS
      await vi.waitFor(() => expect(left).toBeLessThan(0), 10_000)
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      expect(second.proxy.requests).toEqual([])
    })

    test('is the first to answer where all are away', async () => {
      const [first, second] = await pair()
      await Promise.all([first.proxy.refuse(), second.proxy.refuse()])
      const worker = echoing([first, second])
      await worker.start()
      await vi.waitFor(() => expect(worker.readiness.reason).toContain('ECONNREFUSED'), 10_000)
      expect(worker.readiness.ready).toBe(false)
      await second.proxy.accept()
      expect(await doOne(second)).toBe(SUCCEEDED[generation])
    })
  })

  describe('a better orchestrator', () => {
    /** A worker that has had to go to the second one. */
    const exiled = async (setup: Parameters<typeof workerOf>[1] = {}) => {
      const [first, second] = await pair()
      const room = new WaitingRoom()
      const worker = echoing([first, second], setup).task('slow', room.handler)
      const switched = nextEvent(worker, 'orchestratorChanged')
      await first.proxy.refuse()
      await worker.start()
      await switched
      await second.orchestrator.waitForWorker('slow')
      return { first, second, worker, room }
    }

    test('is come back to once it has answered for a while, and not before', async () => {
      const { first, second, worker } = await exiled()
      const back = wentTo(worker, first)
      const beganMs = performance.now()
      await first.proxy.accept()
      await back
      expect(performance.now() - beganMs).toBeGreaterThanOrEqual(PROBATION_MS)
      const asked = first.proxy.requests.filter(({ method }) => method === 'PATCH')
      expect(asked.length).toBeGreaterThanOrEqual(2)
      // What it was asked by must not make it send tasks; the second generation is also asked by nothing at all.
      const said = asked.slice(0, 2).filter(({ body }) => generation === 'classic' || body !== '')
      for (const { body } of said) expect(JSON.parse(body).status).toBe(TAKES_NOTHING[generation])
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      expect(second.orchestrator.workers()).toMatchObject([
        { status: TAKES_NOTHING[generation], ...(generation === 'classic' && { taskNames: [] }) },
      ])
    })

    test('does not cost what runs: it goes on, and its result goes where it came from', async () => {
      const { first, second, worker, room } = await exiled()
      const { id } = await second.orchestrator.createJob({ task: 'slow', params: { n: 1 } })
      await room.untilEntered(1)
      const back = wentTo(worker, first)
      await first.proxy.accept()
      await back
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      room.open()
      expect((await second.orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])
      const tokens = (of: Remote) => of.proxy.requests.map(({ token }) => token)
      expect(new Set(tokens(first))).toEqual(new Set([first.token]))
      expect(new Set(tokens(second))).toEqual(new Set([second.token]))
    })

    test('does not cost what is still queued for this worker at the one it leaves', async () => {
      const { first, second, worker, room } = await exiled({ maxConcurrentTasks: 1 })
      const jobs = await Promise.all(
        [1, 2].map((n) => second.orchestrator.createJob({ task: 'slow', params: { n }, timeoutMs: 600_000 })),
      )
      await room.untilEntered(1)
      const back = wentTo(worker, first)
      await first.proxy.accept()
      await back
      room.open()
      for (const { id } of jobs)
        expect((await second.orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])
      expect(room.peak).toBe(1)
      const polls = second.proxy.count('GET', TASK_NEXT)
      expect(await doOne(first)).toBe(SUCCEEDED[generation])
      await sawHeartbeats(first, first.proxy.count('PATCH') + 5)
      expect(second.proxy.count('GET', TASK_NEXT)).toBeLessThanOrEqual(polls + 1)
    })

    test('that falls again has to answer twice as long before the next return', async () => {
      const { first, second, worker } = await exiled()
      const msUntilBack = async () => {
        const back = wentTo(worker, first)
        const beganMs = performance.now()
        await first.proxy.accept()
        await back
        const elapsedMs = performance.now() - beganMs
        const gone = wentTo(worker, second)
        await first.proxy.refuse()
        await gone
        return elapsedMs
      }
      expect(await msUntilBack()).toBeGreaterThanOrEqual(PROBATION_MS)
      expect(await msUntilBack()).toBeGreaterThanOrEqual(2 * PROBATION_MS)
    })
  })

  test('a result waits for its orchestrator while another one is used', async () => {
    const [first, second] = await pair()
    const room = new WaitingRoom()
    const worker = echoing([first, second]).task('slow', room.handler)
    await worker.start()
    const { id } = await first.orchestrator.createJob({ task: 'slow', params: { n: 1 } })
    await room.untilEntered(1)
    const switched = wentTo(worker, second)
    await first.proxy.refuse()
    await switched
    room.open()
    expect(await doOne(second)).toBe(SUCCEEDED[generation])
    expect(first.orchestrator.job(id)?.state).not.toBe(SUCCEEDED[generation])
    await first.proxy.accept()
    expect((await first.orchestrator.waitForJob(id)).state).toBe(SUCCEEDED[generation])
    expect(second.proxy.requests.filter(({ body }) => body.includes(id))).toEqual([])
  })
})

test('an orchestrator that cannot take the id of this worker is passed over for one that can', async () => {
  const [first, second] = [
    await remote('first', { generation: 'rxon' }),
    await remote('second', { generation: 'classic' }),
  ]
  const worker = workerOf([first, second], { variables: { WORKER_ID: 'eu.1' } }).task('echo', () => ({}))
  await worker.start()
  await second.orchestrator.waitForWorker('echo')
  expect(first.proxy.count('POST', '/register')).toBe(0)
})
