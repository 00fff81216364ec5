import { expect, test } from 'vitest'
import { outcomeOf } from '../../../src/client/job.js'
import { pauseMs } from '../../../src/client/wait.js'
import { RateLimitError, UnreachableError } from '../../../src/errors.js'

test.each([
  [0, undefined, 100],
  [1, undefined, 150],
  [20, undefined, 1_000],
  [1_000, undefined, 1_000],
  [0, new UnreachableError('away'), 100],
  [0, new RateLimitError('slow down', 2_000), 2_000],
  [0, new RateLimitError('slow down'), 5_000],
])('after %i requests and %s the pause is %i ms at most', (looks, trouble, expected) => {
  expect(pauseMs(looks, 1_000, trouble)).toBe(expected)
})

test.each([
  ['pending', 'start', undefined],
  ['waiting_for_worker', 'start', undefined],
  ['running', 'start', undefined],
  ['running', 'done', 'finished'],
  ['running', 'failed_state', 'failed'],
  ['running', 'cancelled_state', 'cancelled'],
  ['running', 'review', undefined],
  ['failed', 'review', 'failed'],
  ['running', 'toString', undefined],
  ['running', 'archived', 'finished'],
  ['finished', undefined, 'finished'],
  ['failed', undefined, 'failed'],
  ['failed', 'cancelled_state', 'cancelled'],
  ['failed', 'done', 'failed'],
  ['quarantined', 'start', 'quarantined'],
  ['cancelled', 'start', 'cancelled'],
])('%s in the state %s is %s', (status, state, outcome) => {
  expect(outcomeOf(status, state, ['archived'])).toBe(outcome)
})
