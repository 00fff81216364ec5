import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { after, monotonicMs, sleep, within } from '../../../src/utils/time.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const never = new Promise<never>(() => {})

test('after: acts once, when the time has come', () => {
  const action = vi.fn()
  after(100, action)
  vi.advanceTimersByTime(99)
  expect(action).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1_000)
  expect(action).toHaveBeenCalledTimes(1)
})

test('after: a timer that was called off does not act', () => {
  const action = vi.fn()
  after(100, action).cancel()
  vi.advanceTimersByTime(200)
  expect(action).not.toHaveBeenCalled()
})

const DAY_MS = 86_400_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

test('after: a delay beyond the limit of Node’s timers does not end early', () => {
  const action = vi.fn()
  const timer = after(60 * DAY_MS, action)
  vi.advanceTimersByTime(1_000)
  expect(action).not.toHaveBeenCalled()
  vi.advanceTimersByTime(25 * DAY_MS)
  expect(action).not.toHaveBeenCalled()
  vi.advanceTimersByTime(35 * DAY_MS - 1_001)
  expect(action).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(action).toHaveBeenCalledTimes(1)
  timer.cancel()
})

test('after: the delays next to the limit end at their time', () => {
  for (const ms of [LONGEST_TIMER_MS, LONGEST_TIMER_MS + 1, 2 * LONGEST_TIMER_MS, 2 * LONGEST_TIMER_MS + 1]) {
    const action = vi.fn()
    after(ms, action)
    vi.advanceTimersByTime(ms - 1)
    expect(action).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(action).toHaveBeenCalledTimes(1)
  }
})

test.each([
  ['at once', 0],
  ['after the first step', 25 * DAY_MS],
  ['in the last step', 59 * DAY_MS],
])('after: a timer of 60 days is cancelled %s', (_, elapsedMs) => {
  const action = vi.fn()
  const timer = after(60 * DAY_MS, action)
  vi.advanceTimersByTime(elapsedMs)
  timer.cancel()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(90 * DAY_MS)
  expect(action).not.toHaveBeenCalled()
})

test('monotonicMs grows with the clock', () => {
  const before = monotonicMs()
  vi.advanceTimersByTime(250)
  expect(monotonicMs() - before).toBe(250)
})

test.each([100, 60 * DAY_MS])('sleep: %d ms end at their time and not earlier', async (ms) => {
  const ended = vi.fn()
  const sleeping = sleep(ms).then(ended)
  await vi.advanceTimersByTimeAsync(ms - 1)
  expect(ended).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(ended).toHaveBeenCalledTimes(1)
  await sleeping
})

test('sleep: leaves no listener on the signal when the time is over', async () => {
  const { signal } = new AbortController()
  const removed = vi.spyOn(signal, 'removeEventListener')
  const sleeping = sleep(100, signal)
  await vi.advanceTimersByTimeAsync(100)
  await sleeping
  expect(removed).toHaveBeenCalledTimes(1)
})

test('sleep: an abort ends it at once, and leaves no timer', async () => {
  const stopping = new AbortController()
  const sleeping = sleep(100, stopping.signal)
  stopping.abort()
  await sleeping
  await sleep(100, stopping.signal)
})

test('within: work that ends in time leaves no timer', async () => {
  expect(await within(100, Promise.resolve('done'))).toBe(true)
})

test('within: work that takes too long is not waited for', async () => {
  const ended = vi.fn()
  const inTime = within(100, never).finally(ended)
  await vi.advanceTimersByTimeAsync(99)
  expect(ended).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(await inTime).toBe(false)
})

test('within: an abort ends the waiting, and leaves no listener', async () => {
  const hurry = new AbortController()
  const removed = vi.spyOn(hurry.signal, 'removeEventListener')
  const inTime = within(100, never, hurry.signal)
  hurry.abort()
  expect(await inTime).toBe(false)
  expect(removed).toHaveBeenCalled()
})

test('within: nothing is waited for once the signal has aborted', async () => {
  expect(await within(100, never, AbortSignal.abort())).toBe(false)
})

test('within: work that fails passes its error on, and leaves no timer', async () => {
  await expect(within(100, Promise.reject(new Error('broken')))).rejects.toThrow('broken')
})
