import { ProtocolError } from 'avtomatika-worker'
import { expect, test, vi } from 'vitest'
import type { Registration, TaskResult } from '../../../src/protocol/messages.js'
import { orchestratorAt } from '../../support/orchestrator-at.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime } from '../../support/test-worker.js'

const AUTO = { ORCHESTRATOR_PROTOCOL: 'auto' }
const VERSION = { body: {}, headers: { 'x-rxon-version': '1.0b17' } }

const resultOf = (number: number): TaskResult => ({
  jobId: `j${number}`,
  taskId: `t${number}`,
  workerId: 'w1',
  outcome: { kind: 'value', status: 'success' },
})
const RESULTS = Array.from({ length: 1_000 }, (_, number) => resultOf(number))

test('§2.3.1 a thousand results before the registration share one detection', async () => {
  const server = await RawOrchestrator.start()
  server.answers('other', VERSION)
  const { orchestrator } = orchestratorAt(server.url, AUTO)
  const receipts = await Promise.all(RESULTS.map((result) => orchestrator.deliver(result)))
  expect(new Set(receipts.map(({ kind }) => kind))).toEqual(new Set(['taken']))
  expect(server.calls('result')).toHaveLength(RESULTS.length)
  expect(server.calls('other').map(({ path }) => path)).toEqual(['/_public/status'])
})

test('§2.3.6 a detection that fails, fails once for all results, and is not repeated within a second', async () => {
  const server = await RawOrchestrator.start()
  server.answers('other', { status: 503, body: 'starting' })
  const { orchestrator, facts } = orchestratorAt(server.url, AUTO)
  holdTime()
  const deliverAll = async () => {
    const ends = await Promise.allSettled(RESULTS.map((result) => orchestrator.deliver(result)))
    return new Set(ends.map((end) => end.status === 'rejected' && end.reason.constructor))
  }
  expect(await deliverAll()).toEqual(new Set([ProtocolError]))
  await vi.advanceTimersByTimeAsync(999)
  expect(await deliverAll()).toEqual(new Set([ProtocolError]))
  expect(server.calls()).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(await deliverAll()).toEqual(new Set([ProtocolError]))
  expect(server.calls()).toHaveLength(4)
  expect(facts).toEqual([])
})

test('§2.3.6 a registration detects the protocol even if a result has just failed to', async () => {
  const server = await RawOrchestrator.start()
  server.answers('other', { status: 503, body: 'starting' })
  const { orchestrator, facts } = orchestratorAt(server.url, AUTO)
  await expect(orchestrator.deliver(resultOf(1))).rejects.toThrow('Protocol detection failed')
  await expect(orchestrator.register({} as Registration)).rejects.toThrow('Protocol detection failed')
  expect(server.calls()).toHaveLength(4)
  expect(facts).toEqual([['registration', 'failed']])
})
