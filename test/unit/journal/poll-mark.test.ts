import { describe, expect, test } from 'vitest'
import { heldForMs, PollMark } from '../../../src/journal/poll-mark.js'

const HOLD_MS = 30_000

describe('a poll mark is written', () => {
  test('when the first poll opens, and it is removed when all polls have ended', () => {
    const mark = new PollMark(HOLD_MS)
    expect(mark.opened(5_000)).toBe(5_000)
    expect(mark.opened(5_100)).toBeUndefined()
    expect(mark.ended(15_200, 'answered')).toBeUndefined()
    expect(mark.ended(15_300, 'answered')).toBeNull()
    expect(mark.opened(15_400)).toBe(15_400)
  })

  test('once for polls that follow each other at once, and it is removed when the worker ends', () => {
    const mark = new PollMark(HOLD_MS)
    mark.opened(0)
    expect(mark.ended(100, 'answered')).toBeUndefined()
    expect(mark.opened(101)).toBeUndefined()
    expect(mark.cleared(102)).toBeUndefined()
    expect(mark.ended(103, 'answered')).toBeUndefined()
    expect(mark.cleared(104)).toBeNull()
    expect(mark.cleared(105)).toBeUndefined()
  })

  test('at most once a second', () => {
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

  test('again when the clock jumps back behind the last mark', () => {
    const mark = new PollMark(HOLD_MS)
    mark.opened(100_000)
    expect(mark.opened(10_000)).toBe(10_000)
  })

  test('and stays after a poll without an answer, until the orchestrator cannot hold that poll any more', () => {
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
  ['that was just opened', 0, 0, 30_000],
  ['that is as old as a mark may be inaccurate', 0, 1_000, 30_000],
  ['that is half over', 0, 16_000, 15_000],
  ['that is over', 0, 31_000, 0],
  ['from the future, after the clock jumped back', 90_000, 0, 30_000],
])('a poll %s may be held for the rest of its time', (_what, openedAtMs, nowMs, ms) => {
  expect(heldForMs(openedAtMs, nowMs, HOLD_MS)).toBe(ms)
})
