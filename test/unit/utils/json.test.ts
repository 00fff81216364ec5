import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isObject, jsonText, setMember } from '../../../src/utils/json.js'

test.each([{}, Object.create(null), new Date(), new Map()])('%o is an object', (value) => {
  expect(isObject(value)).toBe(true)
})

test.each([null, undefined, [], 'text', 1, true, () => {}, 1n, Symbol('s')])('%o is not', (value) => {
  expect(isObject(value)).toBe(false)
})

describe('jsonText', () => {
  test('writes a bigint with all of its digits, and the rest as JSON.stringify', () => {
    expect(jsonText({ a: [1n, -9_007_199_254_740_993n], b: '1n', c: undefined })).toBe(
      '{"a":[1,-9007199254740993],"b":"1n"}',
    )
    expect(jsonText({ a: 1n }, 2)).toBe('{\n  "a": 1\n}')
  })

  test('is JSON.stringify for a value without bigints', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(jsonText(value)).toBe(JSON.stringify(value))
      }),
    )
  })

  test('throws for a cycle', () => {
    const loop: Record<string, unknown> = { n: 1n }
    loop['self'] = loop
    expect(() => jsonText(loop)).toThrow(TypeError)
  })
})

test('setMember sets a member named __proto__ like any other', () => {
  const object: Record<string, unknown> = {}
  setMember(object, '__proto__', { a: 1 })
  setMember(object, 'b', 2)
  expect(Object.entries(object)).toEqual([
    ['__proto__', { a: 1 }],
    ['b', 2],
  ])
})
