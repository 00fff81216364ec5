import { describe, expect, test } from 'vitest'
import { AuthError, ProtocolError, RateLimitError, ResponseError } from '../../../src/errors.js'
import { objectIn, refusal } from '../../../src/protocol/answers.js'
import type { WireAnswer } from '../../../src/protocol/protocol.js'

const answer = (status: number, text = '', headers: WireAnswer['headers'] = {}): WireAnswer => ({
  status,
  text,
  headers,
})

describe('a refusal', () => {
  test.each([
    [400, ResponseError],
    [401, AuthError],
    [403, AuthError],
    [404, ResponseError],
    [429, RateLimitError],
    [500, ResponseError],
    [204, ResponseError],
  ])('%i is a %o', (status, kind) => {
    const error = refusal('A poll', answer(status))
    expect(error.constructor).toBe(kind)
    expect(error.status).toBe(status)
  })

  test("says what was asked, what came, and the orchestrator's own words", () => {
    const error = refusal('A result', answer(404, '{"error":"Job not found"}'))
    expect(error.message).toBe('A result was answered 404: Job not found')
  })

  test.each([
    ['', 'no body'],
    ['   ', 'no body'],
    ['{"error":7}', '{"error":7}'],
    ['{"message":"x"}', '{"message":"x"}'],
    ['[1]', '[1]'],
    ['<html>\r\n\t<b>no</b>\u0000\u001b[31m</html>', '<html> <b>no</b> [31m</html>'],
  ])('quotes %j as one line', (text, quoted) => {
    expect(refusal('A poll', answer(502, text)).message).toBe(`A poll was answered 502: ${quoted}`)
  })

  test.each(['x'.repeat(10_000), JSON.stringify({ error: 'x'.repeat(10_000) })])(
    'quotes the start of what is long',
    (text) => {
      expect(refusal('A poll', answer(502, text)).message).toBe(
        `A poll was answered 502: ${'x'.repeat(500)}…`,
      )
    },
  )
})

describe('§1.1.5 Retry-After', () => {
  const DATE = 'Wed, 21 Oct 2026 07:28:00 GMT'
  const retryAfter = (headers: WireAnswer['headers']) =>
    (refusal('A poll', answer(429, '', headers)) as RateLimitError).retryAfterMs

  test.each([
    ['seconds', { 'retry-after': '7' }, 7_000],
    ['seconds with spaces', { 'retry-after': ' 7 ' }, 7_000],
    ['nothing', { 'retry-after': '0' }, 0],
    ['a date', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: DATE }, 30_000],
    ['a date in the past', { 'retry-after': 'Wed, 21 Oct 2026 07:27:00 GMT', date: DATE }, 0],
    ['a date with nothing to compare it with', { 'retry-after': DATE }, undefined],
    ['a word', { 'retry-after': 'soon', date: DATE }, undefined],
    ['twice', { 'retry-after': ['1', '2'] }, undefined],
    ['absent', {}, undefined],
  ])('%s', (_name, headers, ms) => {
    expect(retryAfter(headers)).toBe(ms)
  })
})

describe('the object in an answer', () => {
  test('is parsed', () => {
    expect(objectIn('A poll', answer(200, '{"a":[1]}'))).toEqual({ a: [1] })
  })

  test.each(['', 'null', '[]', '"text"', '1', '{', '<html>'])('%j has none', (text) => {
    expect(() => objectIn('A poll', answer(200, text))).toThrow(ProtocolError)
  })
})
