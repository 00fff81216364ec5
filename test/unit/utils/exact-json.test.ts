import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hasLongNumber, parseWide } from '../../../src/utils/exact-json.js'

describe('a number that no double holds', () => {
  test.each([
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9007199254740993', -9_007_199_254_740_993n],
    ['1234567890123456789', 1_234_567_890_123_456_789n],
    ['1e400', 10n ** 400n],
    ['-1.5E+400', -15n * 10n ** 399n],
    ['9'.repeat(1_000), BigInt('9'.repeat(1_000))],
  ])('is a bigint: %s', (digits, value) => {
    expect(parseWide(digits)).toBe(value)
    expect(parseWide(`{"a":[1, ${digits}],"b":"${digits}"}`)).toEqual({ a: [1, value], b: digits })
  })

  test.each([
    ['more than 1,000 digits', '9'.repeat(1_001), Number.POSITIVE_INFINITY],
    ['an exponent beyond 1,000 digits', '1e1001', Number.POSITIVE_INFINITY],
    ['an exponent that would fill the memory', '1e999999999', Number.POSITIVE_INFINITY],
    ['a fraction', '0.1234567890123456789', 0.123_456_789_012_345_68],
    ['an exponent that a double holds', '1e300', 1e300],
    ['a tiny number', '1e-400', 0],
  ])('stays a number with %s', (_, digits, value) => {
    expect(parseWide(`[${digits}]`)).toEqual([value])
  })
})

test('a member named __proto__ is a member like any other', () => {
  const value = parseWide('{"__proto__":{"a":1},"n":9007199254740993}') as Record<string, unknown>
  expect(Object.keys(value)).toEqual(['__proto__', 'n'])
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
})

test('ids of digits in strings cause no second look', () => {
  expect(hasLongNumber('{"id":"12345678901234567890","hex":"1e400","list":["99999999999999999999"]}')).toBe(
    false,
  )
})

test('everything else is read as by JSON.parse', () => {
  const exact = (_: string, each: unknown) =>
    typeof each === 'number' && !Number.isSafeInteger(each) && /^-?\d+$/.test(String(each))
      ? BigInt(String(each))
      : each
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify([value, 1e16 + 2])
      expect(parseWide(text)).toEqual(JSON.parse(text, exact))
    }),
  )
})
