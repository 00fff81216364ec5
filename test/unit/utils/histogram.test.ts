import { expect, it } from 'vitest'
import { Histogram } from '../../../src/utils/histogram.js'

it('counts each value in the first range that it fits, and sums up', () => {
  const histogram = new Histogram([1, 10])
  for (const value of [0, 1, 1.5, 10, 11, Number.POSITIVE_INFINITY]) histogram.observe(value)
  expect([...histogram.counts]).toEqual([2, 2, 2])
  expect(histogram.count).toBe(6)
})

it('adds another histogram', () => {
  const one = new Histogram([1])
  const other = new Histogram([1])
  one.observe(0.5)
  other.observe(2)
  one.add(other)
  expect([...one.counts]).toEqual([1, 1])
  expect([one.sum, one.count]).toEqual([2.5, 2])
  expect(other.count).toBe(1)
})
