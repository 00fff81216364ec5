import { describe, expect, test } from 'vitest'
import { pauseAfter, verdictOn } from '../../../src/delivery/retry-policy.js'
import {
  AuthError,
  DowngradeError,
  ProtocolError,
  RateLimitError,
  ResponseError,
  UnreachableError,
} from '../../../src/errors.js'
import { UnsendableError } from '../../../src/protocol/unsendable.js'

describe('the verdict on a result that was not taken', () => {
  test.each([404, 405, 409, 410, 422])('§1.5.8 %i is final', (status) => {
    expect(verdictOn(new ResponseError(status, ''))).toBe('refuse')
  })

  test.each([new ResponseError(400, ''), new ResponseError(413, ''), new UnsendableError('too long')])(
    '§1.5.14 after %s a short failure is sent',
    (error) => {
      expect(verdictOn(error)).toBe('replace')
    },
  )

  test.each([
    new AuthError(401, ''),
    new AuthError(403, ''),
    new RateLimitError('', 1),
    new UnreachableError(''),
    new DowngradeError(''),
  ])('§1.5.9 after %s all results wait', (error) => {
    expect(verdictOn(error)).toBe('hold-all')
  })

  test.each([
    new ResponseError(500, ''),
    new ResponseError(503, ''),
    new ResponseError(302, ''),
    new ProtocolError(''),
    new TypeError('a bug'),
  ])('§1.5.10 %s is the trouble of this one', (error) => {
    expect(verdictOn(error)).toBe('retry')
  })
})

describe('the pause before the next try', () => {
  const POLICY = { maxRetries: 3, initialDelayMs: 1_000 }
  const away = new UnreachableError('')

  test('doubles from the initial delay on, at random below that', () => {
    expect([1, 2, 3].map((failures) => pauseAfter(away, failures, POLICY, 1))).toEqual([1_000, 2_000, 4_000])
    expect(pauseAfter(away, 3, POLICY, 0.5)).toBe(2_000)
  })

  test('§1.5.11 is half a minute to a minute for what was set aside', () => {
    expect([0, 0.5, 1].map((dice) => pauseAfter(away, 4, POLICY, dice))).toEqual([30_000, 45_000, 60_000])
  })

  test('§1.1.4 is up to 15 s for a refused token, each time', () => {
    expect(pauseAfter(new AuthError(401, ''), 1, POLICY, 1)).toBe(15_000)
    expect(pauseAfter(new AuthError(401, ''), 3, POLICY, 1)).toBe(15_000)
  })
})
