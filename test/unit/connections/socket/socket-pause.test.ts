import { AuthError, RateLimitError, ResponseError, UnreachableError } from 'avtomatika-worker'
import { describe, expect, test } from 'vitest'
import { needsCooldown, pauseBeforeSocket } from '../../../../src/connections/socket/socket-pause.js'

const end = (code: number) => ({ code, reason: '', silent: false })

describe('before a socket is opened again', () => {
  test.each([
    ['another worker took it over', end(1008)],
    ['the token is refused', new AuthError(401, 'no')],
    ['there is none', new ResponseError(404, 'no')],
  ])('half a minute passes at least when %s', (_, cause) => {
    expect(needsCooldown(cause)).toBe(true)
    expect([0, 1].map((dice) => pauseBeforeSocket(cause, 1, dice))).toEqual([30_000, 60_000])
  })

  test.each([
    ['the orchestrator ended', end(1001)],
    ['nobody said goodbye', end(1006)],
    ['nobody answers', new UnreachableError('refused')],
    ['the orchestrator is broken', new ResponseError(503, 'no')],
  ])('the pause grows from a second to half a minute when %s', (_, cause) => {
    expect(needsCooldown(cause)).toBe(false)
    expect([1, 2, 3, 9].map((failures) => pauseBeforeSocket(cause, failures, 1))).toEqual([
      1_000, 2_000, 4_000, 30_000,
    ])
    expect(pauseBeforeSocket(cause, 5, 0)).toBe(0)
  })

  test.each([
    ['nothing', undefined, 60_000],
    ['0 s, which would lead to a stream of handshakes', 0, 60_000],
    ['5 s', 5_000, 5_000],
    ['a month, which no timer can wait for', 30 * 86_400_000, 600_000],
  ])('a rate limit that asks for %s is waited for', (_, retryAfterMs, pauseMs) => {
    const cause = new RateLimitError('no', retryAfterMs)
    expect(pauseBeforeSocket(cause, 1, 0)).toBe(pauseMs)
    expect(needsCooldown(cause)).toBe(true)
  })
})
