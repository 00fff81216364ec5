import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, NotCanonicalError } from '../../../../src/protocol/rxon/canonical.js'
import { hexHmac, signedText, signingKey } from '../../../../src/protocol/rxon/signature.js'
import { parseExactly } from '../../../../src/utils/exact-json.js'

const text = fc.string({ unit: 'grapheme' })
const number = fc.double({ noNaN: true, min: -9e18, max: 1.8e19 })

/** Whatever can be signed. */
const { value } = fc.letrec<{ value: unknown; list: unknown[]; object: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 10 },
    fc.oneof(text, number, fc.integer(), fc.boolean(), fc.constant(null)),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value')),
  object: fc.dictionary(text, tie('value')),
}))
const message = fc.dictionary(text, value)

/** What canonical text leaves out of a value. */
const withoutNulls = (from: unknown): unknown => {
  if (Array.isArray(from)) return from.map(withoutNulls)
  if (typeof from === 'number') return from === 0 ? 0 : from
  if (typeof from !== 'object' || from === null) return from
  const kept = Object.entries(from).filter(([, member]) => member !== null)
  return Object.fromEntries(kept.map(([key, member]) => [key, withoutNulls(member)]))
}

describe('§2.2.2 §2.2.3 §2.2.5 canonical text', () => {
  it('is JSON that says the same', () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(JSON.parse(canonical(any))).toEqual(withoutNulls(any))
      }),
    )
  })

  it('stays as it is when it is read and written again, every digit of it', () => {
    fc.assert(
      fc.property(value, (any) => {
        expect(canonical(parseExactly(canonical(any)))).toBe(canonical(any))
      }),
    )
  })

  it('does not depend on the order of the members', () => {
    fc.assert(
      fc.property(message, (any) => {
        expect(canonical(Object.fromEntries(Object.entries(any).reverse()))).toBe(canonical(any))
      }),
    )
  })

  it('has its keys in the order of their bytes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text), (keys) => {
        const written = canonical(Object.fromEntries(keys.map((key) => [key, 1])))
        const order = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        expect(written).toBe(`{${order.map((key) => `${JSON.stringify(key)}:1`).join(',')}}`)
      }),
    )
  })

  it.each([
    ['NaN', Number.NaN],
    ['infinity', -Infinity],
    ['1e21', 1e21],
    ['2^64', 2 ** 64],
    ['a bigint beyond 64 bits', 2n ** 64n],
    ['half a character', '\ud83d'],
    ['half a character in a key', { '\udc00': 1 }],
  ])('there is none of %s', (_, any) => {
    expect(() => canonical([any])).toThrow(NotCanonicalError)
  })

  it('keeps a member called __proto__', () => {
    expect(canonical(JSON.parse('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}')
  })
})

/** With the doubles that JSON.parse makes of long integers. */
const rounded = (from: unknown): unknown => {
  if (typeof from === 'bigint') return Number(from)
  if (Array.isArray(from)) return from.map(rounded)
  if (typeof from !== 'object' || from === null) return from
  return Object.fromEntries(Object.entries(from).map(([key, member]) => [key, rounded(member)]))
}

describe('§2.2.4 reading with every digit', () => {
  const integers = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })

  it('reads what JSON.parse reads, of any JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 4 }), (json, spaces) => {
        const spaced = `\n${JSON.stringify([JSON.parse(json), '1234567890123456'], null, spaces)} `
        expect(rounded(parseExactly(spaced))).toEqual(JSON.parse(spaced))
      }),
    )
  })

  it('keeps integers of 64 bits', () => {
    fc.assert(
      fc.property(fc.array(integers), (list) => {
        expect(canonical(parseExactly(`{"l":[${list.join(' , ')}],"x":{}}`))).toBe(
          `{"l":[${list.join(',')}],"x":{}}`,
        )
      }),
    )
  })

  it('makes no prototype of a member called __proto__', () => {
    const read = parseExactly('{"__proto__":{"a":9007199254740993}}') as object
    expect('a' in read).toBe(false)
    expect(canonical(read)).toBe('{"__proto__":{"a":9007199254740993}}')
  })

  it('reads a string of megabytes', () => {
    const long = 'x"\\'.repeat(1_500_000)
    expect(parseExactly(JSON.stringify([long, 9_007_199_254_740_992]))).toEqual([
      long,
      9_007_199_254_740_992n,
    ])
  })

  it('refuses what is no JSON', () => {
    fc.assert(
      fc.property(fc.string(), (any) => {
        let legal = true
        try {
          JSON.parse(any)
        } catch {
          legal = false
        }
        if (!legal) expect(() => parseExactly(any)).toThrow(SyntaxError)
      }),
    )
  })
})

describe('§2.2.6 a signed message', () => {
  const key = signingKey('secret-ж')

  it('is the message, signed, with what is not signed beside it', () => {
    fc.assert(
      fc.property(message, (any) => {
        fc.pre(!('security' in any) && !('chain' in any))
        const { security, chain, ...rest } = JSON.parse(
          signedText(any, { key, signerId: 'w"1' }, { chain: [] }),
        )
        expect(chain).toEqual([])
        expect(rest).toEqual(withoutNulls(any))
        expect(security).toEqual({ signature: hexHmac(key, canonical(any)), signer_id: 'w"1' })
      }),
    )
  })
})
