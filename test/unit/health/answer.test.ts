import { expect, test } from 'vitest'
import { answerHealth } from '../../../src/health/answer.js'

const READY = { ready: true }
const NOT_READY = { ready: false, reason: 'not registered with http://o' }

test.each(['/health', '/livez'])('%s is OK, whatever the readiness', (path) => {
  expect(answerHealth(path, READY)).toEqual({ status: 200, body: 'OK' })
  expect(answerHealth(path, NOT_READY)).toEqual({ status: 200, body: 'OK' })
})

test('/readyz tells whether tasks can come, and if not, why', () => {
  expect(answerHealth('/readyz', READY)).toEqual({ status: 200, body: 'OK' })
  expect(answerHealth('/readyz', NOT_READY)).toEqual({
    status: 503,
    body: 'not ready: not registered with http://o',
  })
  expect(answerHealth('/readyz', { ready: false }).body).toBe('not ready: unknown')
})

test.each(['/', '/healthz', '/health/', '/HEALTH'])('%s is not found', (path) => {
  expect(answerHealth(path, READY)).toMatchObject({ status: 404 })
})

test.each(['/health', '/livez'])('%s is red once only a new process can help', (path) => {
  expect(answerHealth(path, { ready: true, verdict: 'polls do not end' })).toEqual({
    status: 503,
    body: 'not alive: polls do not end',
  })
})

test('/readyz says what is amiss although tasks can come', () => {
  expect(answerHealth('/readyz', { ready: true, reason: 'one is away' })).toEqual({
    status: 200,
    body: 'OK, but one is away',
  })
})
