import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ResettableTimer } from '../../../src/utils/resettable-timer.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('fires once, and setting it again replaces what it was set to', () => {
  const timer = new ResettableTimer()
  const fired: string[] = []
  timer.set(10, () => fired.push('first'))
  timer.set(20, () => fired.push('second'))
  vi.advanceTimersByTime(19)
  expect({ fired, isSet: timer.isSet }).toEqual({ fired: [], isSet: true })
  vi.advanceTimersByTime(100)
  expect({ fired, isSet: timer.isSet }).toEqual({ fired: ['second'], isSet: false })
})

test('can be set after it was cancelled, and not after it was closed', () => {
  const timer = new ResettableTimer()
  let fired = 0
  timer.set(10, () => fired++)
  timer.cancel()
  timer.set(10, () => fired++)
  timer.close()
  timer.set(10, () => fired++)
  expect([timer.isSet, vi.getTimerCount()]).toEqual([false, 0])
  vi.advanceTimersByTime(100)
  expect(fired).toBe(0)
})
