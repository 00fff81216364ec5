import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fullJitter } from '../../../src/transport/backoff.js'

const BACKOFF = { baseMs: 1_000, capMs: 30_000 }

test('the most a retry waits doubles from the base up to the cap', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => fullJitter(BACKOFF, failures, 1))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
  ])
})

test('the dice pick anything from nothing to that', () => {
  expect([0, 0.25, 0.5, 1].map((dice) => fullJitter(BACKOFF, 2, dice))).toEqual([0, 500, 1_000, 2_000])
})

test('a pause is a whole number of ms between 0 and the cap, whatever happens', () => {
  const dice = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      fc.nat(600_000),
      fc.nat(600_000),
      fc.integer({ min: 1 }),
      dice,
      (baseMs, capMs, failures, d) => {
        const ms = fullJitter({ baseMs, capMs }, failures, d)
        expect(Number.isSafeInteger(ms) && ms >= 0 && ms <= capMs).toBe(true)
      },
    ),
  )
})
