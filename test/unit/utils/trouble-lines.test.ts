import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TroubleLines } from '../../../src/utils/trouble-lines.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('a trouble has one line until it is over or becomes another one', () => {
  const lines = new TroubleLines()
  expect(['401', '401', '500', '401'].map((trouble) => lines.isNew(trouble))).toEqual([
    true,
    false,
    true,
    true,
  ])
  lines.over()
  expect([lines.isNew('401'), lines.isNew('401')]).toEqual([true, false])
})

test('§1.6.13 a trouble that is worded differently each time has five lines a minute', () => {
  const lines = new TroubleLines()
  const told = () => Array.from({ length: 20 }, (_, n) => lines.isNew(`trace ${n}`)).filter(Boolean).length
  expect(told()).toBe(5)
  vi.advanceTimersByTime(59_999)
  lines.over()
  expect(told()).toBe(0)
  vi.advanceTimersByTime(1)
  expect(told()).toBe(5)
})
