import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { resolveSettings } from '../../../src/config/resolve.js'
import { WorkerConfig } from '../../../src/config/worker-config.js'
import { Connection } from '../../../src/connections/connection.js'
import type { ConnectionContext } from '../../../src/connections/connection-context.js'
import { UNTRIED } from '../../../src/orchestrators/health.js'
import { linesOf } from '../../support/log-lines.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A connection that is not opened: it sends nothing, and the test tells it what requests have shown. */
const setUp = () => {
  const nudgeDelivery = vi.fn()
  const { settings } = resolveSettings(new WorkerConfig({ WORKER_TOKEN: 'secret' }))
  const context = {
    settings,
    log: linesOf().logger,
    tls: undefined,
    turn: { join: () => {} },
    wake: { listen: () => {} },
    takeover: { ready: () => {}, isHeldOff: () => false },
    nudgeDelivery,
  } as unknown as ConnectionContext
  const [target] = settings.orchestrators
  if (!target) throw new Error('there is always one')
  const connection = new Connection(context, target, { healthChanged: () => {} })
  const fail = () => connection.recordFact('poll', 'failed')
  const answer = () => connection.recordFact('poll', 'answered')
  return { connection, nudgeDelivery, fail, answer }
}

test('the end of each outage is told, a second one within a second of the first at the end of that second', async () => {
  const { connection, nudgeDelivery, fail, answer } = setUp()
  expect(connection.health).toBe(UNTRIED)
  fail()
  answer()
  expect(nudgeDelivery).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(400)
  fail()
  answer()
  fail()
  answer()
  await vi.advanceTimersByTimeAsync(599)
  expect(nudgeDelivery).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(nudgeDelivery).toHaveBeenCalledTimes(2)
  await connection.close()
})

test('an outage that has begun again is not told as over', async () => {
  const { connection, nudgeDelivery, fail, answer } = setUp()
  fail()
  answer()
  fail()
  answer()
  fail()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(nudgeDelivery).toHaveBeenCalledTimes(1)
  await connection.close()
})

test('a connection that is closed leaves no timer', async () => {
  const { connection, fail, answer } = setUp()
  fail()
  answer()
  fail()
  answer()
  expect(vi.getTimerCount()).toBe(1)
  await connection.close()
  expect(vi.getTimerCount()).toBe(0)
})
