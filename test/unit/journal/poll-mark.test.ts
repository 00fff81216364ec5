import { describe, expect, test } from 'vitest'
import { heldForMs, PollMark } from '../../../src/journal/poll-mark.js'

const HOLD_MS = 30_000

describe('what is written of polls', () => {
  test('the first one that is opened, and that all are over', () => {
    const mark = new PollMark(HOLD_MS)
    expect(mark.opened(5_000)).toBe(5_000)
    expect(mark.opened(5_100)).toBeUndefined()
    expect(mark.ended(15_200, 'answered')).toBeUndefined()
    expect(mark.ended(15_300, 'answered')).toBeNull()
    expect(mark.opened(15_400)).toBe(15_400)
  })

  test('nothing where one follows the other at once, until the worker ends', () => {
    const mark = new PollMark(HOLD_MS)
    mark.opened(0)
    expect(mark.ended(100, 'answered')).toBeUndefined()
    expect(mark.opened(101)).toBeUndefined()
    expect(mark.cleared(102)).toBeUndefined()
    expect(mark.ended(103, 'answered')).toBeUndefined()
    expect(mark.cleared(104)).toBeNull()
    expect(mark.cleared(105)).toBeUndefined()
  })

  test('a newer one at most each second', () => {
    const mark = new PollMark(HOLD_MS)
    expect([0, 400, 999, 1_000, 1_500, 2_100].map((nowMs) => mark.opened(nowMs))).toEqual([
      0,
      undefined,
      undefined,
      1_000,
      undefined,
      2_100,
    ])
  })

  test('a clock that jumps back does not keep a mark from the future', () => {
    const mark = new PollMark(HOLD_MS)
    mark.opened(100_000)
    expect(mark.opened(10_000)).toBe(10_000)
  })

  test('one that was not answered counts as open until it cannot be held any more', () => {
    const mark = new PollMark(HOLD_MS)
    mark.opened(0)
    expect(mark.ended(2_000, 'unanswered')).toBeUndefined()
    mark.opened(3_000)
    expect(mark.ended(5_000, 'answered')).toBeUndefined()
    mark.opened(31_000)
    expect(mark.ended(32_000, 'answered')).toBeNull()
  })
})

test.each([
  ['just opened', 0, 0, 30_000],
  ['as old as a mark may be wrong', 0, 1_000, 30_000],
  ['half over', 0, 16_000, 15_000],
  ['over', 0, 31_000, 0],
  ['from the future, by a clock that jumped', 90_000, 0, 30_000],
])('a poll %s is held that long', (_what, openedAtMs, nowMs, ms) => {
  expect(heldForMs(openedAtMs, nowMs, HOLD_MS)).toBe(ms)
})
