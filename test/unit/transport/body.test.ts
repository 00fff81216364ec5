import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Body } from '../../../src/transport/body.js'

const chunk = fc.uint8Array({ minLength: 1, maxLength: 40_000 }).map((bytes) => Buffer.from(bytes))

test('a body is its chunks, up to the limit', () => {
  fc.assert(
    fc.property(
      fc.array(chunk, { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 1, max: 200_000 }),
      (chunks, limit) => {
        const [first = Buffer.alloc(0), ...more] = chunks
        const body = new Body(first, limit)
        const fits = more.map((each) => body.add(each))
        const whole = Buffer.concat(chunks)
        expect(body.bytes.equals(whole.subarray(0, limit))).toBe(true)
        expect(fits.at(-1) ?? true).toBe(more.length === 0 || whole.length <= limit)
      },
    ),
  )
})

test('a body of one chunk is not copied', () => {
  const chunk = Buffer.from('{"a":1}')
  expect(new Body(chunk, 1_000).bytes).toBe(chunk)
})
