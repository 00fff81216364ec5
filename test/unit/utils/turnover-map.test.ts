import { expect, test } from 'vitest'
import { TurnoverMap } from '../../../src/utils/turnover-map.js'

test('ten thousand entries later, the map holds what has not gone, in the order in which it came', () => {
  const map = new TurnoverMap<number, string>()
  for (let n = 0; n < 10_000; n++) {
    map.set(n, `value ${n}`)
    if (n % 1_000 !== 0) map.delete(n)
  }
  expect(map.size).toBe(10)
  expect(map.keys()).toEqual([0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000])
  expect(map.values()[3]).toBe('value 3000')
  expect([map.get(5_000), map.has(5_001), map.get(5_001)]).toEqual(['value 5000', false, undefined])
})
