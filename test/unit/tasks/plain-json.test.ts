import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJsonObject, NotJsonError, toPlainJson } from '../../../src/tasks/plain-json.js'

const nested = (levels: number): object => (levels === 0 ? {} : { in: nested(levels - 1) })

const cycle = () => {
  const value: Record<string, unknown> = { name: 'loop' }
  value['back'] = { to: [value] }
  return value
}

describe('a value that JSON can represent is copied', () => {
  test('the output of JSON.parse stays the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value))
        expect(JSON.parse(JSON.stringify(toPlainJson(plain, 'data')))).toEqual(plain)
      }),
    )
  })

  test('a later change does not reach the copy', () => {
    const data = { list: [1], deep: { x: 1 } }
    const copy = toPlainJson(data, 'data')
    data.list.push(2)
    data.deep.x = 2
    expect(copy).toEqual({ list: [1], deep: { x: 1 } })
  })

  test('members that are undefined are left out, items are null', () => {
    expect(toPlainJson({ a: undefined, b: [undefined, 1] }, 'data')).toEqual({ b: [null, 1] })
  })

  test('toJSON is called: a date becomes a string', () => {
    expect(toPlainJson({ at: new Date(0), own: { toJSON: () => ({ x: 1 }) } }, 'data')).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      own: { x: 1 },
    })
  })

  test.each(['text', 1, null, { x: 1 }])(
    'a member named toJSON that is no function is data: %j',
    (toJSON) => {
      expect(toPlainJson({ toJSON, other: 1 }, 'data')).toEqual({ toJSON, other: 1 })
    },
  )

  test('an object whose toJSON returns itself is copied by its members, as by JSON.stringify', () => {
    const proto = { toJSON: () => shy }
    const shy: object = Object.assign(Object.create(proto), { name: 'm' })
    expect(toPlainJson({ shy }, 'data')).toEqual({ shy: { name: 'm' } })
  })

  test('getters are read once, and their values are checked', () => {
    let reads = 0
    const value = {
      get big() {
        reads++
        return reads > 1 ? 1n : 1
      },
    }
    const copy = toPlainJson(value, 'data')
    expect(JSON.stringify(copy)).toBe('{"big":1}')
    expect(reads).toBe(1)
  })

  test('instances of classes are copied by their own members', () => {
    class Point {
      readonly x = 1
      get twice() {
        return 2
      }
    }
    expect(toPlainJson(new Point(), 'data')).toEqual({ x: 1 })
  })

  test('a member named __proto__ is copied like any other', () => {
    const copy = toPlainJson(JSON.parse('{"__proto__":{"x":1}}'), 'data')
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"x":1}}')
  })

  test('the same object twice is no cycle', () => {
    const shared = { x: 1 }
    expect(toPlainJson([shared, { shared }], 'data')).toEqual([{ x: 1 }, { shared: { x: 1 } }])
  })
})

describe('a value that JSON cannot represent is an error with its path', () => {
  test.each([
    [
      'BigInt',
      { a: [{ big: 5n }] },
      'data.a[0].big is a bigint without `bigints: true` in the options of the task, which JSON cannot represent',
    ],
    ['function', { f: () => {} }, 'data.f is a function, which JSON cannot represent'],
    ['symbol', { s: Symbol('s') }, 'data.s is a symbol, which JSON cannot represent'],
    ['NaN', { n: Number.NaN }, 'data.n is NaN, which JSON cannot represent'],
    ['infinity', [Number.NEGATIVE_INFINITY], 'data[0] is -Infinity, which JSON cannot represent'],
    ['cycle', cycle(), 'data.back.to[0] is a cycle, which JSON cannot represent'],
    ['Map', { m: new Map() }, 'data.m is a Map, which JSON cannot represent'],
    ['Set', { m: new Set() }, 'data.m is a Set, which JSON cannot represent'],
    ['error', { e: new TypeError('x') }, 'data.e is an Error, which JSON cannot represent'],
    ['bytes', { b: new Uint8Array(2) }, 'data.b is a Uint8Array, which JSON cannot represent'],
    [
      'promise',
      { p: Promise.resolve(1) },
      'data.p is a Promise (a missing await?), which JSON cannot represent',
    ],
    ['too deep', nested(500), 'more than 500 levels deep'],
    ['undefined', undefined, 'data is undefined'],
  ])('%s', (_name, value, message) => {
    expect(() => toPlainJson(value, 'data')).toThrow(NotJsonError)
    expect(() => toPlainJson(value, 'data')).toThrow(message)
  })

  test.each<[string, unknown, string]>([
    ['a Buffer', { pages: [{ png: Buffer.from('a') }] }, 'data.pages[0].png is a Buffer'],
    ['the JSON of nothing', new Date(Number.NaN), 'data is an invalid Date'],
    ['shared memory', { m: new SharedArrayBuffer(1) }, 'data.m is a SharedArrayBuffer'],
    ['the query of a URL', { q: new URLSearchParams('a=1') }, 'data.q is a URLSearchParams without a member'],
    ['headers', { h: new Headers({ a: '1' }) }, 'data.h is a Headers without a member of its own'],
    [
      'private members',
      {
        counter: new (class Counter {
          #count = 1
          get count() {
            return this.#count
          }
        })(),
      },
      'data.counter is a Counter without a member of its own',
    ],
  ])('JSON.stringify would lose %s', (_, value, message) => {
    expect(() => toPlainJson(value, 'data')).toThrow(NotJsonError)
    expect(() => toPlainJson(value, 'data')).toThrow(message)
  })

  test('a class may say by toJSON how its instances read, also one of bytes', () => {
    class Picture extends Uint8Array {
      toJSON() {
        return { bytes: this.length }
      }
    }
    class Registry extends Map<string, number> {
      toJSON() {
        return Object.fromEntries(this)
      }
    }
    const value = { picture: new Picture(3), registry: new Registry([['a', 1]]) }
    expect(toPlainJson(value, 'data')).toEqual({ picture: { bytes: 3 }, registry: { a: 1 } })
  })

  test('an object around a text, a number or a flag is that value, as by JSON.stringify', () => {
    const value = { text: Object('a'), number: Object(5), flag: Object(false) }
    expect(toPlainJson(value, 'data')).toEqual({ text: 'a', number: 5, flag: false })
  })

  test('an object of another realm is no class', () => {
    expect(toPlainJson(runInNewContext('({ empty: {} })'), 'data')).toEqual({ empty: {} })
  })

  test('JSON.stringify gives the same for every value that is accepted', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), (value) => {
        let copy: unknown
        try {
          copy = toPlainJson(value, 'data')
        } catch (error) {
          expect(error).toBeInstanceOf(NotJsonError)
          return
        }
        expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
      }),
    )
  })
})

test('only an object can be merged into a history', () => {
  expect(isJsonObject({})).toBe(true)
  for (const value of [null, [], 1, 'x', true]) expect(isJsonObject(value)).toBe(false)
})
