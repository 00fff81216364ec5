import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLimited, type Pace, passed, quietMs, refused, UNLIMITED } from '../../../src/transport/pace.js'

const MINUTE = 60_000

/** Refused `times` in a row, each time as soon as the pause is over. */
const refusedInARow = (pace: Pace, times: number, nowMs = 0): Pace => {
  const next = refused(pace, nowMs)
  return times === 1 ? next : refusedInARow(next, times - 1, nowMs + next.pauseMs)
}

describe('§1.1.5 without Retry-After', () => {
  test('there is no pause before the first refusal', () => {
    expect(quietMs(UNLIMITED, 0)).toBe(0)
    expect(isLimited(UNLIMITED, 0)).toBe(false)
  })

  test.each([
    [1, 1_000],
    [2, 4_000],
    [3, 16_000],
    [4, MINUTE],
    [9, MINUTE],
  ])('refusal %i in a row is followed by a pause of %i ms', (times, ms) => {
    expect(refusedInARow(UNLIMITED, times).pauseMs).toBe(ms)
  })

  test('the pause starts with the refusal', () => {
    const pace = refused(UNLIMITED, 5_000)
    expect([5_000, 5_400, 6_000, 9_000].map((nowMs) => quietMs(pace, nowMs))).toEqual([1_000, 600, 0, 0])
  })

  test('the next refusal starts with the pause that worked', () => {
    const learned = passed(refusedInARow(UNLIMITED, 4))
    expect(learned).toMatchObject({ learnedMs: MINUTE, pauseMs: 0 })
    expect(passed(learned)).toBe(learned)
    expect(refused(learned, 2 * MINUTE).pauseMs).toBe(MINUTE)
  })

  test('the learned pause is forgotten after ten minutes without a refusal', () => {
    const learned = passed(refusedInARow(UNLIMITED, 3))
    const last = learned.refusedMs
    expect(isLimited(learned, last + 10 * MINUTE)).toBe(true)
    expect(isLimited(learned, last + 10 * MINUTE + 1)).toBe(false)
    expect(refused(learned, last + 10 * MINUTE).pauseMs).toBe(16_000)
    expect(refused(learned, last + 10 * MINUTE + 1).pauseMs).toBe(1_000)
  })
})

describe('§1.1.5 with Retry-After', () => {
  test('it is obeyed', () => {
    expect(refused(UNLIMITED, 0, 7_000).pauseMs).toBe(7_000)
  })

  test('a value of 0 counts as none: it must not lead to a stream of requests', () => {
    expect(refused(UNLIMITED, 0, 0).pauseMs).toBe(1_000)
    expect(refused(refused(UNLIMITED, 0, 0), 1_000, 0).pauseMs).toBe(4_000)
  })

  test.each([2 ** 31, Number.POSITIVE_INFINITY])('a value of %d ms is cut to ten minutes', (ms) => {
    expect(refused(UNLIMITED, 0, ms).pauseMs).toBe(10 * MINUTE)
  })
})

test('each refusal is followed by a pause that a timer can keep', () => {
  const delay = fc.oneof(fc.nat(), fc.constant(Number.POSITIVE_INFINITY))
  const step = fc.oneof(
    fc.constant('pass' as const),
    fc.record({ retryAfterMs: fc.option(delay, { nil: undefined }) }),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1_000_000), step)), (steps) => {
      let pace = UNLIMITED
      let nowMs = 0
      for (const [elapsedMs, what] of steps) {
        nowMs += elapsedMs
        pace = what === 'pass' ? passed(pace) : refused(pace, nowMs, what.retryAfterMs)
        const ms = quietMs(pace, nowMs)
        if (what !== 'pass') expect(ms > 0 && ms <= 60 * MINUTE).toBe(true)
        if (what === 'pass') expect(ms).toBe(0)
      }
    }),
  )
})
