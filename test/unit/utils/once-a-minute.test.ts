import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OnceAMinute } from '../../../src/utils/once-a-minute.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('one line a minute is allowed, and the next one counts those that were skipped', () => {
  const lines = new OnceAMinute()
  expect([lines.take(), lines.take(), lines.take()]).toEqual([{}, undefined, undefined])
  vi.advanceTimersByTime(59_999)
  expect(lines.take()).toBeUndefined()
  vi.advanceTimersByTime(1)
  expect([lines.take(), lines.take()]).toEqual([{ skipped: 3 }, undefined])
  vi.advanceTimersByTime(60_000)
  expect(lines.take()).toEqual({ skipped: 1 })
})
