import { describe, expect, test } from 'vitest'
import {
  AuthError,
  ProtocolError,
  RateLimitError,
  ResponseError,
  UnknownWorkerError,
  UnreachableError,
} from '../../../src/errors.js'
import { factOf, type Health, healthAfter, UNTRIED } from '../../../src/orchestrators/health.js'

const unreachable = (code?: string) =>
  new UnreachableError('no answer', { cause: Object.assign(new Error('why'), code && { code }) })

describe('what the end of a request shows', () => {
  test.each([
    ['an answer', undefined, 'answered'],
    ['too many requests', new RateLimitError('slow down'), 'answered'],
    ['an unknown worker', new UnknownWorkerError('who?'), 'answered'],
    ['401', new AuthError(401, 'no'), 'unauthorized'],
    ['403', new AuthError(403, 'no'), 'unauthorized'],
    ['500', new ResponseError(500, 'oops'), 'failed'],
    ['a page of HTML', new ProtocolError('<html>'), 'failed'],
    ['a refused connection', unreachable('ECONNREFUSED'), 'absent'],
    ['no such name', unreachable('ENOTFOUND'), 'absent'],
    ['no answer in time', unreachable('ETIMEDOUT'), 'silent'],
    ['a broken connection', unreachable('ECONNRESET'), 'failed'],
    ['an endless answer', unreachable(), 'failed'],
    ['a request that was called off', unreachable('ECANCELED'), undefined],
    ['a mistake of our own', new TypeError('x'), undefined],
  ])('%s', (_, error, fact) => {
    expect(factOf('poll', error)).toBe(fact)
  })

  test('results show nothing: they may themselves be the reason', () => {
    expect(factOf('result', new ResponseError(500, 'oops'))).toBeUndefined()
    expect(factOf('result')).toBeUndefined()
  })
})

describe('health', () => {
  const having = (...facts: Parameters<typeof healthAfter>[2][]): Health =>
    facts.reduce<Health>((health, fact, index) => healthAfter(health, 'poll', fact, index), UNTRIED)

  test.each([
    ['absent', ['absent'], false],
    ['silent', ['silent'], false],
    ['unauthorized', ['answered', 'unauthorized'], false],
    ['two failures', ['failed', 'failed'], true],
    ['three failures', ['failed', 'failed', 'failed'], false],
    ['an answer between', ['failed', 'failed', 'answered', 'failed'], true],
    ['an answer after all', ['absent', 'answered'], true],
  ] as const)('%s', (_, facts, isUp) => {
    expect(having(...facts).up).toBe(isUp)
  })

  test('failures of one kind are not made up for by answers to another', () => {
    let health = UNTRIED
    for (let n = 0; n < 3; n++) {
      health = healthAfter(health, 'heartbeat', 'answered', n)
      health = healthAfter(health, 'poll', 'failed', n)
    }
    expect(health.up).toBe(false)
  })

  test('remembers since when there was no failure', () => {
    expect(having('answered', 'answered', 'answered').answersSinceMs).toBe(0)
    expect(having('answered', 'failed').answersSinceMs).toBeUndefined()
    expect(having('answered', 'failed', 'answered').answersSinceMs).toBe(2)
  })

  test('costs nothing while all is well', () => {
    const well = having('answered')
    expect(healthAfter(well, 'poll', 'answered', 9)).toBe(well)
  })
})
