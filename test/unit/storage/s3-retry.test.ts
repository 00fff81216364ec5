import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { pauseAfter } from '../../../src/storage/s3-retry.js'

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(Math, 'random').mockReturnValue(1)
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test.each([
  [1, 200],
  [2, 400],
  [9, 5_000],
])('after %i failures it pauses for up to %i ms', async (failures, ms) => {
  const over = vi.fn()
  const pause = pauseAfter(failures, new AbortController().signal).then(over)
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
