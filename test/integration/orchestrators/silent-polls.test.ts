import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { HttpTransport } from '../../../src/transport/http.js'
import { PASS, type SeenRequest } from '../../support/chaos/fault.js'
import { type Remote, remote, workerOf } from '../../support/chaos/fleet.js'
import { holdClock, pass, settle } from '../../support/chaos/virtual-time.js'

const POLL_HOLD_MS = 30_000
/** When a poll ends at the latest: the hold, and 10 s. The watchdog looks twice in it. */
const DUE_MS = POLL_HOLD_MS + 10_000
const LOOK_MS = DUE_MS / 2

beforeEach(holdClock)
afterEach(() => letTimePass())

/** The other way round, the clock that was held would stay. */
const letTimePass = (): void => {
  vi.restoreAllMocks()
  vi.useRealTimers()
}

/** What no network does and only this process can: the deadlines of polls pass, and nothing happens. */
const breakDeadlines = (): void => {
  const set = setTimeout
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((action: () => void, ms?: number, ...rest: []) =>
    set(ms === DUE_MS ? () => {} : action, ms, ...rest)) as typeof setTimeout)
}

/** No poll is answered from now on, and nobody says so, until `isOver`. Heartbeats are answered. Resolves when it has begun. */
const swallowPolls = async ({ proxy }: Remote, isOver = () => false): Promise<void> => {
  const isPoll = ({ path }: SeenRequest) => path.endsWith('/tasks/next')
  const before = proxy.requests.length
  proxy.plan = (request) => (isPoll(request) && !isOver() ? { kind: 'silence', when: 'before' } : PASS)
  await pass(POLL_HOLD_MS + LOOK_MS, () => proxy.requests.slice(before).some(isPoll))
}

const setUp = async () => {
  const only = await remote('only', { generation: 'classic', pollHoldMs: POLL_HOLD_MS })
  const worker = workerOf([only], {
    variables: { WORKER_PORT: 0, HEARTBEAT_INTERVAL: 15, WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.1 },
  }).task('echo', () => ({}))
  const running = worker.runWithHealthCheck()
  /** Resolves to whether the worker has done a task by then. */
  const works = async (withinMs: number): Promise<boolean> => {
    const { id } = await only.orchestrator.createJob({ task: 'echo', timeoutMs: 3_600_000 })
    const isDone = () => only.orchestrator.job(id)?.state === 'done'
    await pass(withinMs, isDone)
    return isDone()
  }
  const livez = async (): Promise<[number, string]> => {
    const answer = await fetch(`http://127.0.0.1:${worker.healthPort}/livez`)
    return [answer.status, await answer.text()]
  }
  const registrations = () => only.proxy.count('POST', '/workers/register')
  await settle(() => only.proxy.count('GET', '/tasks/next') > 0)
  expect(await works(POLL_HOLD_MS)).toBe(true)
  return { only, worker, running, works, livez, registrations }
}

test('polls that never end: new connections help', async () => {
  breakDeadlines()
  const { only, worker, running, works, livez, registrations } = await setUp()
  const reconnect = vi.spyOn(HttpTransport.prototype, 'reconnect')
  await swallowPolls(only, () => reconnect.mock.calls.length > 0)
  await pass(2 * DUE_MS - LOOK_MS)
  expect(reconnect).not.toHaveBeenCalled()
  await pass(3 * LOOK_MS, () => reconnect.mock.calls.length > 0)
  expect(reconnect).toHaveBeenCalledOnce()
  expect(await works(POLL_HOLD_MS)).toBe(true)
  expect([registrations(), await livez()]).toEqual([1, [200, 'OK']])
  letTimePass()
  await worker.stop({ pollGraceMs: 0 })
  await running
})

test('polls that no new connection ends: a new registration, then a red /livez, which turns green when one ends after all', async () => {
  breakDeadlines()
  const { only, worker, running, works, livez, registrations } = await setUp()
  const reconnect = vi.spyOn(HttpTransport.prototype, 'reconnect').mockImplementation(() => {})
  await swallowPolls(only)
  await pass(3 * DUE_MS, () => reconnect.mock.calls.length > 0)
  expect([reconnect.mock.calls.length, registrations()]).toEqual([1, 1])
  await pass(DUE_MS + LOOK_MS, () => registrations() === 2)
  expect([registrations(), await livez()]).toEqual([2, [200, 'OK']])
  await pass(DUE_MS + LOOK_MS)
  expect(await livez()).toEqual([503, expect.stringContaining('no poll of')])
  expect(registrations()).toBe(2)

  only.proxy.plan = () => PASS
  only.proxy.cut()
  expect(await works(2 * POLL_HOLD_MS)).toBe(true)
  await pass(LOOK_MS)
  expect(await livez()).toEqual([200, 'OK'])
  letTimePass()
  await worker.stop({ pollGraceMs: 0 })
  await running
})
