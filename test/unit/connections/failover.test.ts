import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  choose,
  type Failover,
  firstOf,
  steadinessFor,
  toAsk,
  underLimit,
} from '../../../src/connections/failover.js'
import { type Fact, type Health, healthAfter, UNTRIED } from '../../../src/orchestrators/health.js'

const STEADY = steadinessFor(100)
const up = (answersSinceMs?: number): Health => ({ up: true, failures: {}, answersSinceMs })
const DOWN: Health = { up: false, failures: {}, answersSinceMs: undefined }
const at = (active: number, sinceMs = 0): Failover => ({ ...firstOf(3, STEADY, sinceMs), active })

describe('the one that is used', () => {
  test.each([
    ['the first at the start', at(0), [UNTRIED, UNTRIED, UNTRIED], 0],
    ['the next when it is down', at(0), [DOWN, UNTRIED, UNTRIED], 1],
    ['the one after when the next is down too', at(0), [DOWN, DOWN, UNTRIED], 2],
    ['a better one, however new, when it is down', at(1), [up(990), DOWN, UNTRIED], 0],
    ['the same when all are down', at(1), [DOWN, DOWN, DOWN], 1],
    ['the same when a better one has only just answered', at(1), [up(900), UNTRIED, UNTRIED], 1],
    ['a better one that has answered for two heartbeats', at(1), [up(800), UNTRIED, UNTRIED], 0],
    ['the best of the better ones that have lasted', at(2), [DOWN, up(700), up(0)], 1],
    ['the same when only a worse one answers', at(0), [UNTRIED, up(0), up(0)], 0],
  ])('is %s', (_, before, healths, expected) => {
    expect(choose(before, healths, STEADY, 1_000).active).toBe(expected)
  })

  test('has to answer twice as long after each fall, and as at first once it has lasted', () => {
    const fall = (failover: Failover, nowMs: number) =>
      choose({ ...failover, active: 0, sinceMs: 0 }, [DOWN, UNTRIED, UNTRIED], STEADY, nowMs)
    const once = fall(at(0), 10)
    const often = Array.from({ length: 10 }).reduce<Failover>((failover) => fall(failover, 10), once)
    expect(once.patiencesMs).toEqual([400, 200, 200])
    expect(often.patiencesMs).toEqual([4_000, 200, 200])
    expect(fall(often, STEADY.lastedMs).patiencesMs).toEqual([200, 200, 200])
  })
})

test('one that limits this worker for long is down, and healthy from the end of the limit on', () => {
  expect(underLimit(up(100), Number.NEGATIVE_INFINITY, 1_000)).toEqual(up(100))
  expect(underLimit(DOWN, Number.NEGATIVE_INFINITY, 1_000)).toEqual(DOWN)
  expect(underLimit(up(100), 1_001, 1_000)).toEqual({ ...up(), up: false })
  expect(underLimit(up(100), 900, 1_000)).toEqual(up(900))
  expect(underLimit(up(950), 900, 1_000)).toEqual(up(950))
})

test('the better ones are asked, and everybody while the used one is down', () => {
  expect(toAsk(at(0), [UNTRIED, UNTRIED, UNTRIED])).toEqual([])
  expect(toAsk(at(2), [DOWN, up(1), UNTRIED])).toEqual([0, 1])
  expect(toAsk(at(1), [DOWN, DOWN, DOWN])).toEqual([0, 2])
})

const factOf = fc.constantFrom<Fact>('answered', 'failed', 'absent', 'silent', 'unauthorized')

test('whatever happens: nobody goes to one that is down, or leaves one that is up without a lasting better one', () => {
  const story = fc.array(fc.record({ place: fc.nat(2), fact: factOf, pauseMs: fc.nat(300) }), {
    maxLength: 80,
  })
  fc.assert(
    fc.property(story, (steps) => {
      let nowMs = 0
      let failover = firstOf(3, STEADY, 0)
      let healths: Health[] = [UNTRIED, UNTRIED, UNTRIED]
      for (const { place, fact, pauseMs } of steps) {
        nowMs += pauseMs
        healths = healths.map((health, index) =>
          index === place ? healthAfter(health, 'heartbeat', fact, nowMs) : health,
        )
        const before = failover
        failover = choose(before, healths, STEADY, nowMs)
        const [from, to] = [healths[before.active], healths[failover.active]]
        if (before.active === failover.active) continue
        expect(to?.up).toBe(true)
        if (!from?.up) continue
        expect(failover.active).toBeLessThan(before.active)
        expect(nowMs - (to?.answersSinceMs ?? nowMs)).toBeGreaterThanOrEqual(STEADY.patienceMs)
      }
      for (let round = 0; round < 50; round++) {
        nowMs += 100
        healths = healths.map((health) => healthAfter(health, 'heartbeat', 'answered', nowMs))
        failover = choose(failover, healths, STEADY, nowMs)
      }
      expect(failover.active).toBe(0)
    }),
  )
})
