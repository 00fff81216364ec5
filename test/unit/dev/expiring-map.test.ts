import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ExpiringMap } from '../../../src/dev/expiring-map.js'
import { RateLimit } from '../../../src/dev/rate-limit.js'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

it('forgets a value after its lifetime, counted from the last time it was set', () => {
  const map = new ExpiringMap<number>(100)
  map.set('a', 1)
  vi.advanceTimersByTime(60)
  map.set('a', 2)
  vi.advanceTimersByTime(99)
  expect(map.get('a')).toBe(2)
  vi.advanceTimersByTime(1)
  expect(map.get('a')).toBeUndefined()
})

it('drops what has expired when something is set, and keeps what was set again', () => {
  const map = new ExpiringMap<number>(100)
  map.set('renewed', 1)
  map.set('old', 1)
  vi.advanceTimersByTime(60)
  map.set('renewed', 2)
  vi.advanceTimersByTime(60)
  map.set('new', 1)
  expect(map.size).toBe(2)
  expect(map.get('renewed')).toBe(2)
})

it('drops the oldest values when there are more than 100,000', () => {
  const map = new ExpiringMap<number>(1_000)
  for (let n = 0; n < 100_002; n++) map.set(`k${n}`, n)
  expect([map.size, map.get('k1'), map.get('k2')]).toEqual([100_000, undefined, 2])
})

it('bounds the memory of a rate limit', () => {
  const limit = new RateLimit({ requests: 1, windowMs: 1_000_000 })
  limit.admits('first')
  for (let n = 0; n < 100_000; n++) limit.admits(`k${n}`)
  expect(limit.admits('k99999')).toBe(false)
  expect(limit.admits('first')).toBe(true)
})
