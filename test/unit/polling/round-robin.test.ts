import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextTurn } from '../../../src/polling/round-robin.js'

const turns = (weights: readonly number[], count: number): number[] => {
  let credits = weights.map(() => 0)
  return Array.from({ length: count }, () => {
    const turn = nextTurn(weights.map((weight, index) => ({ weight, credit: credits[index] ?? 0 })))
    credits = turn.credits
    return turn.place
  })
}

test('turns of the heavier are spread, not bunched', () => {
  expect(turns([5, 1, 1], 7)).toEqual([0, 0, 1, 0, 2, 0, 0])
  expect(turns([100, 50], 6)).toEqual([0, 1, 0, 0, 1, 0])
})

test('each has its share, exactly, in every round of turns', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 4 }), (all, rounds) => {
      const sum = all.reduce((one, other) => one + other, 0)
      const taken = turns(all, rounds * sum)
      all.forEach((weight, index) => {
        expect(taken.filter((place) => place === index)).toHaveLength(rounds * weight)
      })
    }),
  )
})
