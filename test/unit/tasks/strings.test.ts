import { describe, expect, test } from 'vitest'
import { firstString, replaceStrings, stringsIn } from '../../../src/tasks/strings.js'

const DEEPEST = 500
/** Deep enough to overflow the stack of whoever follows it down to its end. */
const ENDLESS = 100_000

/** A text below `depth` arrays or objects. */
const nested = (kind: 'arrays' | 'objects', depth: number): unknown => {
  let value: unknown = 'old'
  for (let level = 0; level < depth; level++) value = kind === 'arrays' ? [value] : { a: value }
  return value
}

const textsIn = (value: unknown) => [...stringsIn(value)].map(([, text]) => text)

const swap = new Map([['old', 'new']])

describe('the strings in a value', () => {
  test('come with their paths', () => {
    const value = { file: 'a', nested: { list: ['b', 1, { c: 'd' }] }, none: null }
    expect([...stringsIn(value)]).toEqual([
      ['file', 'a'],
      ['nested.list[0]', 'b'],
      ['nested.list[2].c', 'd'],
    ])
  })

  test('are replaced in a copy', () => {
    const value = { file: 'old', list: ['old', 'other', 3], none: null }
    expect(replaceStrings(value, swap)).toEqual({ file: 'new', list: ['new', 'other', 3], none: null })
    expect(value.file).toBe('old')
  })

  test('a member named __proto__ stays a member', () => {
    const copy = replaceStrings(JSON.parse('{"__proto__": "old"}'), swap) as object
    expect(Object.entries(copy)).toEqual([['__proto__', 'new']])
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  })
})

describe.each(['arrays', 'objects'] as const)('in nested %s', (kind) => {
  test('a string is found and replaced as deep as orchestrators can send it', () => {
    const value = nested(kind, DEEPEST)
    expect(textsIn(value)).toEqual(['old'])
    expect(textsIn(replaceStrings(value, swap))).toEqual(['new'])
  })

  test('a deeper one is left alone, and no depth overflows the stack', () => {
    const value = nested(kind, ENDLESS)
    expect(textsIn(value)).toEqual([])
    const copy = replaceStrings(value, swap)
    expect(textsIn(copy)).toEqual([])
  })
})

describe('the first string that passes a test', () => {
  const isLong = (text: string) => text.length > 3

  test('is found at any depth, however deep the value is', () => {
    expect(firstString('long', isLong, 10)).toBe('long')
    expect(firstString({ a: 'x', b: [1, null, { c: 'long' }] }, isLong, 10)).toBe('long')
    expect(firstString({ a: 'x', b: [1] }, isLong, 10)).toBeUndefined()
    expect(firstString(nested('arrays', ENDLESS), isLong, 10)).toBeUndefined()
    expect(firstString(nested('objects', 500), (text) => text === 'old', 1_000)).toBe('old')
  })

  test('is looked for in so many members only', () => {
    const wide = [...Array<string>(1_000).fill('x'), 'long']
    expect(firstString(wide, isLong, 1_000)).toBeUndefined()
    expect(firstString(wide, isLong, 1_002)).toBe('long')
  })
})
