import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJsonObject, NotJsonError, toPlainJson } from '../../../src/tasks/plain-json.js'

const nested = (levels: number): object => (levels === 0 ? {} : { in: nested(levels - 1) })

const cycle = () => {
  const value: Record<string, unknown> = { name: 'loop' }
  value['back'] = { to: [value] }
  return value
}

describe('what JSON can say is copied', () => {
  test('whatever JSON gives, it stays', () => {
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

  test('toJSON is asked: a date is a text', () => {
    expect(toPlainJson({ at: new Date(0), own: { toJSON: () => ({ x: 1 }) } }, 'data')).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      own: { x: 1 },
    })
  })

  test.each(['text', 1, null, { x: 1 }])(
    'a member called toJSON that is no function is data: %j',
    (toJSON) => {
      expect(toPlainJson({ toJSON, other: 1 }, 'data')).toEqual({ toJSON, other: 1 })
    },
  )

  test('an object whose toJSON gives itself is copied by its members, as JSON.stringify does', () => {
    const proto = { toJSON: () => shy }
    const shy: object = Object.assign(Object.create(proto), { name: 'm' })
    expect(toPlainJson({ shy }, 'data')).toEqual({ shy: { name: 'm' } })
  })

  test('getters are read once, and what they give is checked', () => {
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

  test('a member called __proto__ is a member like any other', () => {
    const copy = toPlainJson(JSON.parse('{"__proto__":{"x":1}}'), 'data')
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"x":1}}')
  })

  test('the same object twice is no cycle', () => {
    const shared = { x: 1 }
    expect(toPlainJson([shared, { shared }], 'data')).toEqual([{ x: 1 }, { shared: { x: 1 } }])
  })
})

describe('what JSON cannot say is named with its path', () => {
  test.each([
    ['BigInt', { a: [{ big: 5n }] }, 'data.a[0].big is a bigint, which JSON cannot say'],
    ['function', { f: () => {} }, 'data.f is a function, which JSON cannot say'],
    ['symbol', { s: Symbol('s') }, 'data.s is a symbol, which JSON cannot say'],
    ['NaN', { n: Number.NaN }, 'data.n is NaN, which JSON cannot say'],
    ['infinity', [Number.NEGATIVE_INFINITY], 'data[0] is -Infinity, which JSON cannot say'],
    ['cycle', cycle(), 'data.back.to[0] is a cycle, which JSON cannot say'],
    ['Map', { m: new Map() }, 'data.m is a Map, which JSON cannot say'],
    ['Set', { m: new Set() }, 'data.m is a Set, which JSON cannot say'],
    ['error', { e: new TypeError('x') }, 'data.e is a Error, which JSON cannot say'],
    ['bytes', { b: new Uint8Array(2) }, 'data.b is a Uint8Array, which JSON cannot say'],
    ['promise', { p: Promise.resolve(1) }, 'data.p is a Promise (a missing await?), which JSON cannot say'],
    ['too deep', nested(500), 'more than 500 levels deep'],
    ['undefined', undefined, 'data is undefined'],
  ])('%s', (_name, value, message) => {
    expect(() => toPlainJson(value, 'data')).toThrow(NotJsonError)
    expect(() => toPlainJson(value, 'data')).toThrow(message)
  })

  test('a Buffer is bytes with a toJSON, and goes as that', () => {
    expect(toPlainJson(Buffer.from('a'), 'data')).toEqual({ type: 'Buffer', data: [97] })
  })

  test('whatever it accepts, JSON.stringify says the same', () => {
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
