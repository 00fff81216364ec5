import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { after, monotonicMs, within } from '../../../src/utils/time.js'

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

test('monotonicMs grows with the clock', () => {
  const before = monotonicMs()
  vi.advanceTimersByTime(250)
  expect(monotonicMs() - before).toBe(250)
})

test('within: work that ends in time leaves no timer', async () => {
  expect(await within(100, Promise.resolve('done'))).toBe(true)
})

test('within: work that takes too long is not waited for', async () => {
  const inTime = within(100, never)
  await vi.advanceTimersByTimeAsync(100)
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
