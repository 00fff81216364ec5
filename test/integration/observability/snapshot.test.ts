import { InvalidInputError } from 'avtomatika-worker'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../support/interop/eventually.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, SECRET, testWorker } from '../../support/test-worker.js'

test('a worker that was not started has a snapshot', async () => {
  const { worker } = testWorker({ url: 'http://127.0.0.1:1', maxConcurrentTasks: 3 })
  const snapshot = worker.snapshot()
  expect(snapshot).toMatchObject({
    workerId: 'w1',
    state: 'created',
    ready: false,
    reason: 'the worker is created',
    slots: { limit: 3, used: 0, waiting: 0, byType: {} },
    orchestrators: [{ url: 'http://127.0.0.1:1', isInUse: false, registration: 'unused', openPolls: 0 }],
    results: { undelivered: 0, deadLetters: 0 },
  })
  expect(snapshot).not.toHaveProperty('uptimeMs')
})

test('a snapshot shows what runs, waits and ended, and no secret', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url, taskTypeLimits: { gpu: 1 } })
  const { opened, open } = gate()
  worker.task('paint', { taskType: 'gpu' }, () => opened)
  worker.task('fail', () => {
    throw new InvalidInputError('no')
  })
  await worker.start()
  const first = orchestrator.offer('paint', { password: 'hidden-in-params' })
  orchestrator.offer('paint')
  orchestrator.offer('fail')
  orchestrator.offer('nobody')
  await eventually('two ends', () => worker.snapshot().results.ended.delivered === 2)
  await eventually('one task waits', () => worker.snapshot().slots.waiting === 1)
  const snapshot = worker.snapshot()
  expect(snapshot).toMatchObject({
    state: 'running',
    ready: true,
    uptimeMs: expect.any(Number),
    slots: { limit: 10, used: 1, waiting: 1, byType: { gpu: { limit: 1, used: 1 } } },
    tasks: {
      names: ['paint', 'fail'],
      running: [{ taskId: first, taskName: 'paint', isAborted: false, runningMs: expect.any(Number) }],
      ended: { success: 0, failure: 2, cancelled: 0, handed_back: 0 },
      unknownNames: { nobody: 1 },
    },
    orchestrators: [
      {
        url: orchestrator.url,
        isInUse: true,
        isUp: true,
        registration: 'registered',
        generation: 'classic',
        lastPollAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      },
    ],
    journal: { isKept: true },
    counts: { registrations: 1, failovers: 0, strayRejections: 0 },
  })
  expect(JSON.stringify(snapshot)).not.toMatch(new RegExp(`${SECRET}|hidden-in-params`))
  open()
  await eventually('all ends', () => worker.snapshot().results.ended.delivered === 4)
})

test('a result that waits is in the snapshot, and so is the trouble of its orchestrator', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker, said } = testWorker({ url: orchestrator.url })
  worker.task('work', () => {})
  await worker.start()
  orchestrator.answers('result', 'hold')
  orchestrator.offer('work')
  await eventually('the result waits', () => worker.snapshot().results.undelivered === 1)
  expect(worker.snapshot().results.oldestMs).toBeGreaterThanOrEqual(0)
  orchestrator.answers('poll', { status: 500 })
  orchestrator.endPoll({ status: 500 })
  await said('Poll failed')
  expect(worker.snapshot().orchestrators[0]?.trouble).toBe('status 500')
})

test('/status gives the snapshot as JSON', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker, said } = testWorker({ url: orchestrator.url })
  worker.task('work', () => {})
  const running = worker.runWithHealthCheck()
  onTestFinished(async () => {
    await worker.stop({ pollGraceMs: 0 })
    await running
  })
  await said('Registered')
  const response = await fetch(`http://127.0.0.1:${worker.healthPort}/status`)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const { takenAt, uptimeMs, orchestrators, ...rest } = (await response.json()) as Record<string, unknown>
  const { takenAt: _at, uptimeMs: _up, orchestrators: _all, ...expected } = worker.snapshot()
  expect(rest).toEqual(JSON.parse(JSON.stringify(expected)))
  expect([takenAt, uptimeMs, orchestrators]).toEqual([
    expect.any(String),
    expect.any(Number),
    expect.any(Array),
  ])
})
