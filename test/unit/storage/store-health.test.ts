import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { StoreHealth } from '../../../src/storage/store-health.js'
import { linesOf } from '../../support/log-lines.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const setUp = () => {
  const { logger, lines } = linesOf()
  return { health: new StoreHealth('http://store', logger), lines }
}
const ERROR = new Error('down')

test('a store that fails is a concern until it answers', () => {
  const { health } = setUp()
  expect(health.concern).toBeUndefined()
  health.failed('ECONNREFUSED', ERROR)
  expect(health.concern).toBe('object store http://store fails: ECONNREFUSED')
  health.failed('status 503', ERROR)
  expect(health.concern).toBe('object store http://store fails: status 503')
  health.answered()
  expect(health.concern).toBeUndefined()
})

test('a store that nobody asks any more is no concern after a minute', () => {
  const { health } = setUp()
  health.failed('ECONNREFUSED', ERROR)
  vi.advanceTimersByTime(60_000)
  expect(health.concern).toBeDefined()
  vi.advanceTimersByTime(1)
  expect(health.concern).toBeUndefined()
})

test('an outage is logged once, with its end; a single failure is not', () => {
  const { health, lines } = setUp()
  health.failed('status 503', ERROR)
  health.answered()
  vi.advanceTimersByTime(10_000)
  health.failed('status 503', ERROR)
  vi.advanceTimersByTime(2_999)
  health.failed('status 503', ERROR)
  expect(lines.all).toEqual([])
  for (let count = 0; count < 3; count++) {
    vi.advanceTimersByTime(1)
    health.failed('status 503', ERROR)
  }
  health.answered()
  health.answered()
  expect(lines.all.map(({ level, message }) => [level, message])).toEqual([
    ['warn', expect.stringContaining('Object store http://store fails (status 503)')],
    ['info', 'Object store http://store answers again'],
  ])
})
