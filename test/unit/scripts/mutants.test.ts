import { describe, expect, test } from 'vitest'
import { apply, mutationsIn, sample } from '../../../scripts/mutants/mutations.mjs'

const SOURCE = `
export const f = async (timer: { cancel(): void }, items: number[]) => {
  if (items.length > 3) return 1
  timer.cancel()
  await Promise.resolve()
  return items.length === 0 && true
}
`

const changed = (what: RegExp) =>
  mutationsIn('a.ts', SOURCE)
    .filter((mutation) => what.test(mutation.what))
    .map((mutation) => apply(SOURCE, mutation))

describe('a change', () => {
  test.each([
    ['negates a condition', /condition negated/, /if \(!\(items\.length > 3\)\)/],
    ['removes an early return', /early return removed/, /if \(items\.length > 3\) ;/],
    ['drops an await', /await/, /^ {2}\(Promise\.resolve\(\)\)/m],
    ['drops the cancel of a timer', /cancel/, /^(?![\s\S]*timer\.cancel\(\))/],
    ['swaps an operator', /operator/, /items\.length !== 0/],
    ['flips a boolean', /boolean/, /&& false/],
    ['changes a number', /number/, /items\.length > (?!3)\d/],
  ])('%s', (_, what, expected) => {
    expect(changed(what).some((text) => expected.test(text))).toBe(true)
  })

  test('is one at a time: each text differs from the source', () => {
    const texts = mutationsIn('a.ts', SOURCE).map((mutation) => apply(SOURCE, mutation))
    expect(texts.every((text) => text !== SOURCE)).toBe(true)
  })
})

test('the same seed draws the same changes, another seed others', () => {
  const all = Array.from({ length: 100 }, (_, n) => n)
  expect(sample(all, 10, 1)).toEqual(sample(all, 10, 1))
  expect(sample(all, 10, 2)).not.toEqual(sample(all, 10, 1))
  expect(new Set(sample(all, 10, 1)).size).toBe(10)
})
