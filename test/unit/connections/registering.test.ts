import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Registering } from '../../../src/connections/registering.js'
import { AuthError, UnreachableError } from '../../../src/errors.js'
import type { Registration } from '../../../src/protocol/messages.js'
import { linesOf } from '../../support/log-lines.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => void vi.useRealTimers())

const setUp = ({ retries = true } = {}) => {
  const open: { take(): void; fail(error: Error): void }[] = []
  const registered = vi.fn()
  const takenTooLate = vi.fn(async () => {})
  const orchestrator = {
    url: 'http://o',
    limits: { quietMs: () => 0, isLimited: () => false },
    register: () => new Promise<void>((take, fail) => open.push({ take, fail })),
  }
  const owner = {
    registration: () => ({}) as Registration,
    beforeRegistering: () => undefined,
    registered,
    takenTooLate,
    unauthorized: () => retries,
  }
  const registering = new Registering(owner, orchestrator, linesOf().logger)
  onTestFinished(() => registering.close())
  return { registering, open, registered, takenTooLate, settled: () => vi.advanceTimersByTimeAsync(0) }
}

const AWAY = new UnreachableError('nobody there')

test('a registration that fails is retried after the backoff and not before', async () => {
  const { registering, open, registered, settled } = setUp()
  void registering.begin()
  await settled()
  open[0]?.fail(AWAY)
  await vi.advanceTimersByTimeAsync(999)
  expect([open.length, registering.trouble]).toEqual([1, 'no answer'])
  await vi.advanceTimersByTimeAsync(1)
  open[1]?.take()
  await settled()
  expect([registering.state, registering.trouble]).toEqual(['registered', undefined])
  expect(registered).toHaveBeenCalledTimes(1)
})

test.each([
  ['leave', (registering: Registering) => registering.leave()],
  ['close', (registering: Registering) => registering.close()],
])('%s cancels the retry', async (_, end) => {
  const { registering, open, settled } = setUp()
  void registering.begin()
  await settled()
  open[0]?.fail(AWAY)
  await settled()
  expect(vi.getTimerCount()).toBe(1)
  end(registering)
  expect(vi.getTimerCount()).toBe(0)
})

test('an answer to an attempt from before a leave means nothing', async () => {
  const { registering, open, registered, takenTooLate, settled } = setUp()
  void registering.begin()
  await settled()
  registering.leave()
  void registering.begin()
  await settled()
  open[0]?.fail(AWAY)
  await settled()
  expect(vi.getTimerCount()).toBe(0)
  open[1]?.take()
  await settled()
  expect(registered).toHaveBeenCalledTimes(1)
  expect(takenTooLate).not.toHaveBeenCalled()
})

describe.each([
  ['leave', 'unused', (registering: Registering) => registering.leave()],
  ['close', 'closed', (registering: Registering) => registering.close()],
])('an answer that comes after the %s', (_, state, end) => {
  test('does not register', async () => {
    const { registering, open, registered, takenTooLate, settled } = setUp()
    void registering.begin()
    await settled()
    end(registering)
    open[0]?.take()
    await settled()
    expect([registered.mock.calls.length, registering.state]).toEqual([0, state])
    expect(takenTooLate).toHaveBeenCalledTimes(1)
  })

  test('is waited for, with the reaction to it', async () => {
    const { registering, open, takenTooLate, settled } = setUp()
    let react = () => {}
    takenTooLate.mockReturnValue(new Promise((resolve) => (react = resolve)))
    const over = vi.fn()
    void registering.begin()
    await settled()
    end(registering)
    void registering.settled().then(over)
    open[0]?.take()
    await settled()
    expect(over).not.toHaveBeenCalled()
    react()
    await settled()
    expect(over).toHaveBeenCalledTimes(1)
  })

  test('means nothing if it is a failure', async () => {
    const { registering, open, takenTooLate, settled } = setUp()
    void registering.begin()
    await settled()
    end(registering)
    open[0]?.fail(AWAY)
    await registering.settled()
    expect(takenTooLate).not.toHaveBeenCalled()
  })
})

test('without a request under way there is nothing to wait for', async () => {
  const { registering, open, settled } = setUp()
  await registering.settled()
  void registering.begin()
  await settled()
  const over = vi.fn()
  void registering.settled().then(over)
  await settled()
  expect(over).not.toHaveBeenCalled()
  open[0]?.take()
  await settled()
  expect([over.mock.calls.length, registering.isKnown]).toEqual([1, true])
})

test('a registration that is lost is renewed at once, and with a backoff if it is lost again soon', async () => {
  const { registering, open, settled } = setUp()
  const take = async () => {
    await settled()
    open.at(-1)?.take()
    await settled()
  }
  void registering.begin()
  await take()
  registering.lost()
  await take()
  expect(open).toHaveLength(2)
  registering.lost()
  await vi.advanceTimersByTimeAsync(999)
  expect(open).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(open).toHaveLength(3)
})

test.each([
  [true, 'registering', 1],
  [false, 'unused', 0],
])('a refused token: retry %s', async (retries, state, timers) => {
  const { registering, open, settled } = setUp({ retries })
  void registering.begin()
  await settled()
  open[0]?.fail(new AuthError(401, 'no'))
  await settled()
  expect([registering.state, vi.getTimerCount()]).toEqual([state, timers])
})

test('a refused token is tried again after at most 15 s, however often it was refused', async () => {
  const { registering, open, settled } = setUp()
  void registering.begin()
  for (const [attempt, pauseMs] of [15_000, 15_000, 15_000].entries()) {
    await settled()
    open[attempt]?.fail(new AuthError(401, 'no'))
    await vi.advanceTimersByTimeAsync(pauseMs - 1)
    expect(open).toHaveLength(attempt + 1)
    await vi.advanceTimersByTimeAsync(1)
    expect(open).toHaveLength(attempt + 2)
  }
})
