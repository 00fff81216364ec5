import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { CONTRACT_VIOLATION_ERROR } from '../../../src/errors.js'
import type { Outcome } from '../../../src/protocol/messages.js'
import { validateResult } from '../../../src/tasks/validate-result.js'

const success = (data: { readonly [key: string]: number | string }): Outcome => ({
  kind: 'value',
  status: 'success',
  data,
})

const sync = z.object({ height: z.coerce.number() })
const async = sync.refine(async ({ height }) => height > 0, 'must be positive')

describe.each([
  ['synchronous', sync],
  ['asynchronous', async],
])('a %s result schema', (_, schema) => {
  test('gives the data that are sent', async () => {
    expect(await validateResult(schema, success({ height: '7' }))).toEqual(success({ height: 7 }))
  })

  test('refuses data that do not fit, with the path of each issue', async () => {
    await expect(validateResult(schema, success({ height: 'tall' }))).rejects.toMatchObject({
      code: CONTRACT_VIOLATION_ERROR,
      message: expect.stringContaining('height: '),
    })
  })

  test.each<Outcome>([
    { kind: 'value', status: 'too_dark', data: { height: 'tall' } },
    { kind: 'failure', error: { code: 'X', message: 'm' }, data: { height: 'tall' } },
    { kind: 'cancelled' },
  ])('is not asked about $kind $status', (outcome) => {
    expect(validateResult(schema, outcome)).toBe(outcome)
  })
})

test('an asynchronous check of its own refuses data, too', async () => {
  await expect(validateResult(async, success({ height: -1 }))).rejects.toMatchObject({
    code: CONTRACT_VIOLATION_ERROR,
    message: expect.stringContaining('must be positive'),
  })
})
