import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Patience, pauseAfter } from '../../../src/storage/s3-retry.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const { signal } = new AbortController()

test.each([
  [1, 200],
  [2, 400],
  [9, 5_000],
])('after %i failures it pauses for up to %i ms', async (failures, ms) => {
  const over = vi.fn()
  const pause = pauseAfter(failures, signal).then(over)
  await vi.advanceTimersByTimeAsync(ms - 1)
  expect(over).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(over).toHaveBeenCalledTimes(1)
  await pause
})

test('an abort ends the pause at once, and leaves no timer', async () => {
  const task = new AbortController()
  const pause = pauseAfter(9, task.signal)
  task.abort()
  await pause
})

/** Fails until the patience is over, and returns for how long that was, in ms. */
const exhaust = async (patience: Patience, limits = {}): Promise<number> => {
  const startMs = performance.now()
  for (;;) {
    const pause = patience.pause(signal, limits)
    await vi.advanceTimersToNextTimerAsync()
    if (!(await pause)) return performance.now() - startMs
  }
}

test('patience lasts as long as it is told, to the millisecond, with a last attempt at its end', async () => {
  expect(await exhaust(new Patience(120_000))).toBe(120_000)
})

test('patience of no time allows no second attempt', async () => {
  expect(await new Patience(0).pause(signal)).toBe(false)
})

test('a kind of failure may have less time, but never more', async () => {
  expect(await exhaust(new Patience(60_000), { maxMs: 20_000 })).toBe(20_000)
  expect(await exhaust(new Patience(60_000), { maxMs: 90_000 })).toBe(60_000)
})

test('progress renews the patience', async () => {
  const patience = new Patience(60_000)
  await exhaust(patience)
  expect(await patience.pause(signal)).toBe(false)
  patience.renew()
  expect(await exhaust(patience)).toBe(60_000)
})

test('the patience of one transfer does not use up that of another', async () => {
  const [one, other] = [new Patience(60_000), new Patience(60_000)]
  await exhaust(one)
  expect(await exhaust(other)).toBe(60_000)
})

test('a pause is as long as the store wants, but never longer than the patience', async () => {
  const over = vi.fn()
  const patience = new Patience(50_000)
  const first = patience.pause(signal, { leastMs: 30_000 }).then(over)
  await vi.advanceTimersByTimeAsync(29_999)
  expect(over).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  await first
  const second = patience.pause(signal, { leastMs: 30_000 }).then(over)
  await vi.advanceTimersByTimeAsync(20_000)
  await second
  expect(over).toHaveBeenCalledTimes(2)
  expect(over).toHaveBeenLastCalledWith(true)
})

test('an abort ends the pause of a patient transfer at once', async () => {
  const task = new AbortController()
  const pause = new Patience(60_000).pause(task.signal, { leastMs: 30_000 })
  task.abort()
  expect(await pause).toBe(true)
})
