import { expect, test } from 'vitest'
import { answerHealth } from '../../../src/health/answer.js'

const READY = { ready: true }
const NOT_READY = { ready: false, reason: 'not registered with http://o' }

test.each(['/health', '/livez'])('%s is OK, even if the worker is not ready', (path) => {
  expect(answerHealth(path, READY)).toEqual({ status: 200, body: 'OK' })
  expect(answerHealth(path, NOT_READY)).toEqual({ status: 200, body: 'OK' })
})

test('/readyz says whether the worker is ready, and if not, why', () => {
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

test.each(['/health', '/livez'])('%s is 503 if only a restart can help', (path) => {
  expect(answerHealth(path, { ready: true, notAlive: 'polls do not end' })).toEqual({
    status: 503,
    body: 'not alive: polls do not end',
  })
})

test('/readyz names a problem of a worker that is ready', () => {
  expect(answerHealth('/readyz', { ready: true, reason: 'one is away' })).toEqual({
    status: 200,
    body: 'OK, but one is away',
  })
})
