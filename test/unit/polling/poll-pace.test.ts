import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { afterEmpty, afterTask, ONE_POLL, type PollPace } from '../../../src/polling/poll-pace.js'

const IDLE_MS = 10

describe('§1.4.4 how many polls', () => {
  test('doubles while tasks come at once, up to the limit', () => {
    let pace = ONE_POLL
    const goals = Array.from({ length: 6 }, () => {
      pace = afterTask(pace, 3, 10)
      return pace.goal
    })
    expect(goals).toEqual([2, 4, 8, 10, 10, 10])
  })

  test('is one less when a task kept its poll waiting, but never none', () => {
    expect(afterTask({ goal: 4, hasty: 0 }, 500, 10).goal).toBe(3)
    expect(afterTask(ONE_POLL, 20_000, 10).goal).toBe(1)
  })

  test.each([1, 30_000])('is one again after a poll that came back empty after %i ms', (elapsedMs) => {
    expect(afterEmpty({ goal: 8, hasty: 0 }, elapsedMs, IDLE_MS).goal).toBe(1)
  })
})

describe('§1.4.5 how long a pause', () => {
  const pausesOf = (polls: number, idleMs: number): number[] => {
    let pace: PollPace = ONE_POLL
    return Array.from({ length: polls }, () => {
      const { pauseMs, ...next } = afterEmpty(pace, 2, idleMs)
      pace = next
      return pauseMs
    })
  }

  test('only the idle delay after a poll that was held', () => {
    expect(afterEmpty({ goal: 1, hasty: 5 }, 1_000, IDLE_MS)).toEqual({ ...ONE_POLL, pauseMs: IDLE_MS })
  })

  test('ever longer, up to a second, where polls are not held', () => {
    expect(pausesOf(10, IDLE_MS)).toEqual([10, 20, 40, 80, 160, 320, 640, 1_000, 1_000, 1_000])
  })

  test('grows even from an idle delay of nothing', () => {
    expect(pausesOf(12, 0).at(-1)).toBe(1_000)
  })

  test('starts anew after a task', () => {
    expect(afterTask({ goal: 1, hasty: 5 }, 2, 10).hasty).toBe(0)
  })
})

test('the number of polls stays between 1 and the limit, whatever comes', () => {
  const poll = fc.record({ task: fc.boolean(), elapsedMs: fc.nat(40_000) })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.array(poll), (limit, polls) => {
      let pace: PollPace = ONE_POLL
      for (const { task, elapsedMs } of polls) {
        pace = task ? afterTask(pace, elapsedMs, limit) : afterEmpty(pace, elapsedMs, IDLE_MS)
        expect(pace.goal >= 1 && pace.goal <= limit).toBe(true)
      }
    }),
  )
})
