import { describe, expect, test } from 'vitest'
import { errorRecord } from '../../../src/utils/error-record.js'

const recordOf = (thrown: unknown) => errorRecord(thrown) as Record<string, unknown>

describe('the record of an error', () => {
  test('has type, message, stack and short members', () => {
    const error = Object.assign(new RangeError('too far'), { code: 'E_FAR', port: 8083, isFinal: true })
    const { stack, ...others } = recordOf(error)
    expect(others).toEqual({
      type: 'RangeError',
      message: 'too far',
      code: 'E_FAR',
      port: 8083,
      isFinal: true,
    })
    expect(stack).toContain('error-record.test.ts')
  })

  test('has the stack of each cause, also of one that is no error', () => {
    const root = new TypeError('the root')
    const error = new Error('outer', { cause: new Error('middle', { cause: root }) })
    expect(recordOf(error)['stack']).toMatch(
      /^Error: outer\n[\s\S]+caused by: Error: middle\n[\s\S]+caused by: TypeError: the root\n/,
    )
    expect(recordOf(new Error('x', { cause: { status: 503 } }))['stack']).toContain(
      'caused by: { status: 503 }',
    )
    expect(recordOf(new Error('x', { cause: 'because' }))['stack']).toContain('caused by: because')
  })

  test('follows no cycle of causes', () => {
    const error: Error = new Error('a')
    error.cause = new Error('b', { cause: error })
    expect(String(recordOf(error)['stack']).match(/caused by/g)).toHaveLength(1)
  })

  test('has the errors of an AggregateError', () => {
    const { errors } = recordOf(new AggregateError([new Error('one'), 'two'], 'both'))
    expect(errors).toEqual([expect.objectContaining({ message: 'one' }), 'two'])
  })

  test('has no object, because libraries attach whole requests, and no member with the name of a secret', () => {
    const error = Object.assign(new Error('401'), {
      config: { headers: { authorization: 'Bearer abc' } },
      accessToken: 'abc',
      API_KEY: 'abc',
    })
    expect(JSON.stringify(recordOf(error))).not.toContain('abc')
  })

  test('has a message that was changed after the stack was made', () => {
    const error = new Error('before')
    expect(error.stack).toContain('before')
    error.message = 'after'
    expect(recordOf(error)['stack']).toContain('Error: after')
  })

  test('of a huge error is cut', () => {
    expect(JSON.stringify(recordOf(new Error('x'.repeat(5_000_000)))).length).toBeLessThan(100_000)
  })

  test.each<[string, () => unknown]>([
    [
      'a getter',
      () =>
        Object.defineProperty(new Error('x'), 'message', {
          get: () => {
            throw new Error('no')
          },
        }),
    ],
    ['no prototype', () => Object.setPrototypeOf(Object.create(Error.prototype), Error.prototype)],
  ])('of an error with %s that cannot be read is still a record', (_, make) => {
    expect(recordOf(make())).toHaveProperty('message')
  })

  test('of another value is the value', () => {
    expect(errorRecord('just so')).toBe('just so')
    expect(errorRecord(undefined)).toBeUndefined()
  })
})
