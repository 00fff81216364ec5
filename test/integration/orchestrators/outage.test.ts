import dns from 'node:dns'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { PASS } from '../../support/chaos/fault.js'
import { FaultProxy } from '../../support/chaos/fault-proxy.js'
import { type Remote, remote, workerOf } from '../../support/chaos/fleet.js'
import { holdClock, pass } from '../../support/chaos/virtual-time.js'
import { GENERATIONS, SUCCEEDED } from '../../support/generations.js'

const TEN_MINUTES_MS = 600_000
const POLL_PERIOD_MS = 30_000

// Both ends alike wait on this clock.
beforeEach(holdClock)
afterEach(() => void vi.useRealTimers())

describe.each(GENERATIONS)('with an orchestrator of the generation %s', (generation) => {
  const refuseToken = ({ proxy }: Remote) => {
    proxy.plan = () => ({ kind: 'answer', status: 401, body: '{"error": "No valid token found"}' })
  }

  const wipe = async ({ orchestrator }: Remote) => orchestrator.forgetWorkers()
  const nothing = () => {}

  test.each<[string, (of: Remote) => unknown, (of: Remote) => unknown]>([
    ['an orchestrator that was away', ({ proxy }) => proxy.refuse(), ({ proxy }) => proxy.accept()],
    [
      'a line that was dead, and connections that still are',
      ({ proxy }) => proxy.freeze(),
      ({ proxy }) => proxy.thaw(),
    ],
    ['a token that was revoked and given back', refuseToken, ({ proxy }) => (proxy.plan = () => PASS)],
    [
      'an orchestrator that answers 502 in HTML',
      ({ proxy }) =>
        (proxy.plan = () => ({ kind: 'answer', status: 502, body: '<html></html>', type: 'text/html' })),
      ({ proxy }) => (proxy.plan = () => PASS),
    ],
    ['a storage that was wiped', wipe, nothing],
    ['a clock that jumped by a day', () => vi.setSystemTime(Date.now() + 86_400_000), nothing],
  ])('after %s for ten minutes, tasks are done within two poll periods', async (_, fail, mend) => {
    const only = await remote('only', { generation, pollHoldMs: POLL_PERIOD_MS })
    const worker = workerOf([only], {
      variables: {
        HEARTBEAT_INTERVAL: 15,
        WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.1,
        TASK_POLL_ERROR_DELAY: 5,
        RESULT_RETRY_INITIAL_DELAY: 1,
      },
    }).task('echo', () => ({}))
    const done = async () => {
      const { id } = await only.orchestrator.createJob({ task: 'echo', timeoutMs: 3_600_000 })
      return () => only.orchestrator.job(id)?.state === SUCCEEDED[generation]
    }
    await worker.start()
    expect(await pass(POLL_PERIOD_MS, await done())).toBeLessThan(POLL_PERIOD_MS)

    await fail(only)
    await pass(TEN_MINUTES_MS)
    await mend(only)
    only.orchestrator.forgetWorkers()
    const elapsedMs = await pass(3 * POLL_PERIOD_MS, await done())
    expect(elapsedMs).toBeLessThanOrEqual(2 * POLL_PERIOD_MS)
    expect(worker.state).toBe('running')
    vi.useRealTimers()
  })

  test('a poll on a dead connection holds up no task once heartbeats are answered again', async () => {
    const holdMs = 20_000
    const only = await remote('only', { generation, pollHoldMs: holdMs })
    const variables = { HEARTBEAT_INTERVAL: 5, MAX_CONCURRENT_TASKS: 1 }
    const worker = workerOf([only], { variables }).task('echo', () => ({}))
    await worker.start()
    await pass(1_000)

    only.proxy.freeze()
    // The orchestrator gives up the poll. The worker still waits for its response.
    await pass(holdMs)
    only.proxy.thaw()
    const before = only.proxy.requests.length
    const isHeartbeat = ({ method }: { method: string }) => method === 'PATCH' || method === 'POST'
    await pass(POLL_PERIOD_MS, () => only.proxy.requests.slice(before).some(isHeartbeat))
    await pass(1_000)
    const { id } = await only.orchestrator.createJob({ task: 'echo', timeoutMs: 3_600_000 })
    const isDone = () => only.orchestrator.job(id)?.state === SUCCEEDED[generation]
    expect(await pass(POLL_PERIOD_MS, isDone)).toBeLessThan(1_000)
    vi.useRealTimers()
  })

  test('a name that leads elsewhere is followed, though the old server never says a word again', async () => {
    const options = { generation, pollHoldMs: POLL_PERIOD_MS, allowedHosts: ['orchestrator.test'] }
    const old = await remote('old', options)
    const moved = await remote('moved', { ...options, workerToken: old.token })
    await moved.proxy.refuse()
    const there = await FaultProxy.to(moved.orchestrator.url, { host: '127.0.0.2', port: old.proxy.port })
    let address = '127.0.0.1'
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(((_: string, ...rest: unknown[]) => {
      const answer = rest.at(-1) as (error: null, found: unknown) => void
      answer(null, [{ address, family: 4 }])
    }) as never)
    const worker = workerOf([old], {
      variables: {
        ORCHESTRATORS_CONFIG: [],
        ORCHESTRATOR_URL: `http://orchestrator.test:${old.proxy.port}`,
        WORKER_TOKEN: old.token,
        HEARTBEAT_INTERVAL: 15,
        TASK_POLL_ERROR_DELAY: 5,
      },
    }).task('echo', () => ({}))
    const done = async ({ orchestrator }: Remote) => {
      const { id } = await orchestrator.createJob({ task: 'echo', timeoutMs: 3_600_000 })
      return () => orchestrator.job(id)?.state === SUCCEEDED[generation]
    }
    await worker.start()
    expect(await pass(POLL_PERIOD_MS, await done(old))).toBeLessThan(POLL_PERIOD_MS)
    old.proxy.freeze()
    address = '127.0.0.2'
    expect(await pass(3 * POLL_PERIOD_MS, await done(moved))).toBeLessThanOrEqual(2 * POLL_PERIOD_MS)
    vi.useRealTimers()
    lookup.mockRestore()
    await worker.stop({ pollGraceMs: 0 })
    await there.close()
  })
})
