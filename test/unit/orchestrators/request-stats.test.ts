import { expect, it } from 'vitest'
import {
  AuthError,
  ProtocolError,
  RateLimitError,
  ResponseError,
  UnknownWorkerError,
  UnreachableError,
} from '../../../src/errors.js'
import { outcomeOf, RequestStats } from '../../../src/orchestrators/request-stats.js'

it.each([
  [new AuthError(401, 'x'), 'refused'],
  [new RateLimitError('x'), 'refused'],
  [new UnknownWorkerError('x'), 'refused'],
  [new ResponseError(400, 'x'), 'refused'],
  [new ResponseError(503, 'x'), 'failed'],
  [new ResponseError(302, 'x'), 'failed'],
  [new ProtocolError('x'), 'failed'],
  [new TypeError('x'), 'failed'],
  [new UnreachableError('x'), 'unreachable'],
  [
    new UnreachableError('x', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
    'unreachable',
  ],
  [new UnreachableError('x', { cause: Object.assign(new Error('x'), { code: 'ECANCELED' }) }), undefined],
])('%s is %s', (error, outcome) => {
  expect(outcomeOf(error)).toBe(outcome)
})

it('remembers when a poll was last answered, and adds the requests of another connection', () => {
  const one = new RequestStats()
  const other = new RequestStats()
  one.ended('poll', 'ok', 1_000, 3_000)
  other.ended('poll', 'ok', 1_000, 5_000)
  other.ended('poll', 'failed', 5_000, 9_000)
  other.ended('result', 'ok', 5_000, 9_000)
  one.add(other)
  expect(one.polledMs).toBe(5_000)
  expect(one.durations.poll.ok.sum).toBe(6)
  expect(one.durations.poll.failed.count).toBe(1)
})
