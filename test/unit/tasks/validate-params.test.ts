import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { InvalidInputError } from '../../../src/errors.js'
import { validateParams } from '../../../src/tasks/validate-params.js'

describe('without a spec', () => {
  test('the raw object is passed on', () => {
    const params = { x: 1 }
    expect(validateParams(undefined, params)).toBe(params)
  })

  test.each([
    [null, 'null'],
    [[1], 'an array'],
    ['text', 'a string'],
    [7, 'a number'],
  ])('%j is not one', (params, kind) => {
    expect(() => validateParams(undefined, params)).toThrow(
      new InvalidInputError(`params: expected an object, got ${kind}`),
    )
  })
})

describe('a class', () => {
  class Size {
    readonly width: number
    constructor(params: { width?: number }) {
      if (!params.width) throw new RangeError('width must be positive')
      this.width = params.width
    }
  }

  test('is constructed with the params', () => {
    const size = validateParams(Size, { width: 3 })
    expect(size).toBeInstanceOf(Size)
    expect(size).toEqual({ width: 3 })
  })

  test('what its constructor throws is the message, and the cause', () => {
    expect(() => validateParams(Size, {})).toThrow(
      expect.objectContaining({
        code: 'INVALID_INPUT_ERROR',
        message: 'width must be positive',
        cause: expect.any(RangeError),
      }),
    )
  })

  test('a text that its constructor throws is the message too', () => {
    class Picky {
      constructor() {
        // biome-ignore lint/style/useThrowOnlyError: what a constructor of somebody else might do
        throw 'never good enough'
      }
    }
    expect(() => validateParams(Picky, {})).toThrow(new InvalidInputError('never good enough'))
  })

  test('gets an object or is not asked', () => {
    expect(() => validateParams(Size, [1])).toThrow('params: expected an object, got an array')
  })
})

describe.each([
  [
    'zod',
    z.object({
      width: z.coerce.number().min(1),
      fit: z.string().default('cover'),
      tags: z.array(z.string()),
    }),
  ],
  [
    'valibot',
    v.object({
      width: v.pipe(v.union([v.string(), v.number()]), v.transform(Number), v.minValue(1)),
      fit: v.optional(v.string(), 'cover'),
      tags: v.array(v.string()),
    }),
  ],
  [
    'arktype',
    type({
      width: type('string.numeric.parse | number').to('number >= 1'),
      fit: 'string = "cover"',
      tags: 'string[]',
    }),
  ],
])('a schema of %s', (_name, schema) => {
  test('gives what it made of the params', async () => {
    const params = await validateParams(schema, { width: '320', tags: ['a'] })
    expect(params).toEqual({ width: 320, fit: 'cover', tags: ['a'] })
  })

  test('tells every issue with its path', async () => {
    const run = async () => validateParams(schema, { width: 0, tags: ['a', 7] })
    const error: unknown = await run().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InvalidInputError)
    const issues = (error as Error).message.split('; ').sort()
    expect(issues).toEqual([expect.stringMatching(/^tags\.1: ./), expect.stringMatching(/^width: ./)])
  })

  test('refuses what is no object', async () => {
    await expect(async () => validateParams(schema, null)).rejects.toThrow(InvalidInputError)
  })
})

describe('an async schema', () => {
  const known = z.object({ id: z.string().refine(async (id) => id === 'known', 'unknown id') })

  test('is waited for', async () => {
    expect(await validateParams(known, { id: 'known' })).toEqual({ id: 'known' })
    await expect(validateParams(known, { id: 'other' })).rejects.toThrow(
      new InvalidInputError('id: unknown id'),
    )
  })

  test('valibot has them too', async () => {
    const schema = v.objectAsync({
      id: v.pipeAsync(
        v.string(),
        v.checkAsync(async (id) => id === 'known', 'unknown'),
      ),
    })
    await expect(validateParams(schema, { id: 'other' })).rejects.toThrow(
      new InvalidInputError('id: unknown'),
    )
  })
})

test('an issue without a path is told as it is; a path may have keys in objects', () => {
  const schema = (
    issues: readonly { message: string; path?: readonly (PropertyKey | { key: PropertyKey })[] }[],
  ) => ({
    '~standard': { version: 1 as const, vendor: 'own', validate: () => ({ issues }) },
  })
  expect(() =>
    validateParams(schema([{ message: 'no' }, { message: 'bad', path: ['a', { key: 0 }] }]), {}),
  ).toThrow(new InvalidInputError('no; a.0: bad'))
})
