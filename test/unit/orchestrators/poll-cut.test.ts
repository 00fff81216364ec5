import { describe, expect, test } from 'vitest'
import { AuthError, ProtocolError, ResponseError, UnreachableError } from '../../../src/errors.js'
import { isCut } from '../../../src/orchestrators/poll-cut.js'

const broken = (code: string) =>
  new UnreachableError('GET x failed', { cause: Object.assign(new Error('broken'), { code }) })

describe('§1.4.10 a poll that was held', () => {
  test.each([408, 502, 503, 504, 524])('and is answered %i was cut', (status) => {
    expect(isCut(new ResponseError(status, 'x'), 1_000, true)).toBe(true)
    expect(isCut(new ResponseError(status, 'x'), 999, true)).toBe(false)
    expect(isCut(new ResponseError(status, 'x'), 60_000, false)).toBe(false)
  })

  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])('and ends by %s was cut', (code) => {
    expect(isCut(broken(code), 30_000, true)).toBe(true)
    expect(isCut(broken(code), 500, true)).toBe(false)
    expect(isCut(broken(code), 30_000, false)).toBe(false)
  })

  test.each([
    ['a deadline', broken('ETIMEDOUT')],
    ['a refused connection', broken('ECONNREFUSED')],
    ['a response that broke off', broken('ERR_BROKE_OFF')],
    ['a cancel', broken('ECANCELED')],
    ['an error of the orchestrator', new ResponseError(500, 'x')],
    ['a refused token', new AuthError(403, 'x')],
    ['a broken body', new ProtocolError('x')],
    ['an error without a cause', new UnreachableError('x')],
  ])('and ends by %s was not cut', (_, error) => {
    expect(isCut(error, 30_000, true)).toBe(false)
  })
})
