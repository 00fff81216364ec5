import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isLimited, type Pace, passed, quietMs, refused, UNLIMITED } from '../../../src/transport/pace.js'

const MINUTE = 60_000

/** Refused `times` in a row, each time as soon as the silence is over. */
const refusedInARow = (pace: Pace, times: number, nowMs = 0): Pace => {
  const next = refused(pace, nowMs)
  return times === 1 ? next : refusedInARow(next, times - 1, nowMs + next.silenceMs)
}

describe('§1.1.5 without Retry-After', () => {
  test('nobody is silent before the first refusal', () => {
    expect(quietMs(UNLIMITED, 0)).toBe(0)
    expect(isLimited(UNLIMITED, 0)).toBe(false)
  })

  test.each([
    [1, 1_000],
    [2, 4_000],
    [3, 16_000],
    [4, MINUTE],
    [9, MINUTE],
  ])('refusal %i in a row is followed by %i ms of silence', (times, ms) => {
    expect(refusedInARow(UNLIMITED, times).silenceMs).toBe(ms)
  })

  test('the silence is counted from the refusal on', () => {
    const pace = refused(UNLIMITED, 5_000)
    expect([5_000, 5_400, 6_000, 9_000].map((nowMs) => quietMs(pace, nowMs))).toEqual([1_000, 600, 0, 0])
  })

  test('the silence that worked is where the next refusal starts', () => {
    const learned = passed(refusedInARow(UNLIMITED, 4))
    expect(learned).toMatchObject({ learnedMs: MINUTE, silenceMs: 0 })
    expect(passed(learned)).toBe(learned)
    expect(refused(learned, 2 * MINUTE).silenceMs).toBe(MINUTE)
  })

  test('what was learned is forgotten after ten minutes without a refusal', () => {
    const learned = passed(refusedInARow(UNLIMITED, 3))
    const last = learned.refusedAt
    expect(isLimited(learned, last + 10 * MINUTE)).toBe(true)
    expect(isLimited(learned, last + 10 * MINUTE + 1)).toBe(false)
    expect(refused(learned, last + 10 * MINUTE + 1).silenceMs).toBe(1_000)
  })
})

describe('§1.1.5 with Retry-After', () => {
  test('it is obeyed', () => {
    expect(refused(UNLIMITED, 0, 7_000).silenceMs).toBe(7_000)
  })

  test('one of nothing counts as none: nobody hammers a server that refuses', () => {
    expect(refused(UNLIMITED, 0, 0).silenceMs).toBe(1_000)
    expect(refused(refused(UNLIMITED, 0, 0), 1_000, 0).silenceMs).toBe(4_000)
  })

  test.each([2 ** 31, Number.POSITIVE_INFINITY])('one of %d ms is cut to an hour', (ms) => {
    expect(refused(UNLIMITED, 0, ms).silenceMs).toBe(60 * MINUTE)
  })
})

test('whatever happens, a refusal is followed by a silence that a timer can keep', () => {
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
