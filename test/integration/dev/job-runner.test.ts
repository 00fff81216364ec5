import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { DevClock } from '../../../src/dev/clock.js'
import { EventListeners } from '../../../src/dev/events.js'
import { PollQueues } from '../../../src/dev/queue/poll-queues.js'
import { JobRunner } from '../../../src/dev/run/job-runner.js'
import { JobStore } from '../../../src/dev/state/job-store.js'
import { WorkerStore } from '../../../src/dev/state/worker-store.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const request = {
  id: 'j1',
  task: 'echo',
  params: {},
  priority: 0,
  timeoutMs: 1_000,
  tracingContext: {},
  extras: {},
}

const build = () => {
  const listeners = new EventListeners()
  const workers = new WorkerStore(60_000, listeners)
  workers.register('w1', { supported_tasks: ['echo'] })
  const jobs = new JobStore(listeners)
  const queues = new PollQueues<object>()
  const settings = { maxRetries: 3, secretKey: 'key', waitForWorker: false }
  const sockets = { send: () => false }
  const state = { clock: new DevClock(), workers, jobs, queues }
  const runner = new JobRunner(settings, state, sockets)
  onTestFinished(() => runner.close())
  return { workers, jobs, queues, runner }
}

it('keeps one timer for a task that is out, and none once it is answered', () => {
  const { runner } = build()
  runner.create(request)
  expect(vi.getTimerCount()).toBe(1)
  runner.takeResult('j1', { status: 'failure', error: 'once more' })
  expect(vi.getTimerCount()).toBe(1)
  runner.takeResult('j1', { status: 'success' })
  expect(vi.getTimerCount()).toBe(0)
})

it('times a task anew when it is dispatched again', () => {
  const { jobs, runner } = build()
  runner.create(request)
  vi.advanceTimersByTime(900)
  runner.takeResult('j1', { status: 'failure', error: 'once more' })
  vi.advanceTimersByTime(900)
  expect(jobs.get('j1')?.status).toBe('waiting_for_worker')
  vi.advanceTimersByTime(100)
  expect(jobs.get('j1')?.errorMessage).toBe('Worker task timed out.')
})

it('keeps the last hundred thousand ended jobs, and every job that has not ended', () => {
  const { jobs, runner } = build()
  runner.create(request)
  for (let n = 0; n < 100_001; n++) runner.create({ ...request, id: `q${n}`, task: 'nobody' })
  expect([jobs.get('q0'), jobs.get('q1')?.id, jobs.get('j1')?.id]).toEqual([undefined, 'q1', 'j1'])
  expect(jobs.list(2).map(({ id }) => id)).toEqual(['q100000', 'q99999'])
  expect(jobs.list(10, 99_999).map(({ id }) => id)).toEqual(['q1', 'j1'])
})

it('keeps a job that was ended and runs again, however many others have ended', () => {
  const { jobs, runner } = build()
  const { taskId } = runner.create(request)
  runner.takeResult('j1', { status: 'success' })
  // A late failure of the same task moves the job again, as in the real orchestrator.
  runner.takeResult('j1', { status: 'failure', error: 'once more' })
  for (let n = 0; n < 100_001; n++) runner.create({ ...request, id: `q${n}`, task: 'nobody' })
  expect(jobs.get('j1')).toMatchObject({
    status: 'waiting_for_worker',
    taskId: expect.not.stringMatching(String(taskId)),
  })
})

it('sets no timer after it is closed', () => {
  const { runner } = build()
  runner.create(request)
  runner.close()
  runner.takeResult('j1', { status: 'failure', error: 'once more' })
  expect(vi.getTimerCount()).toBe(0)
})

describe('a task that cannot be signed', () => {
  const unsignable = { ...request, params: { n: 1e300 } }
  const rxonWorker = { supported_skills: [{ name: 'echo' }] }

  it('is quarantined, and nothing waits for it', async () => {
    const { workers, queues, jobs, runner } = build()
    workers.register('w1', rxonWorker, 'rxon')
    expect(runner.create(unsignable)).toMatchObject({
      status: 'quarantined',
      errorMessage: 'Task cannot be signed: Integer exceeds 64-bit range',
    })
    expect(jobs.get('j1')?.taskId).toBeUndefined()
    expect(vi.getTimerCount()).toBe(0)
    const polled = queues.next('w1', 1)
    vi.advanceTimersByTime(1)
    expect(await polled).toBeUndefined()
  })

  it('does not end the process when it is dispatched again after a timeout', () => {
    const { workers, jobs, runner } = build()
    runner.create(unsignable)
    runner.takeResult('j1', { status: 'failure', error: 'once more' })
    workers.clear()
    workers.register('w1', rxonWorker, 'rxon')
    runner.takeResult('j1', { status: 'failure', error: 'once more' })
    expect(jobs.get('j1')?.status).toBe('quarantined')
    expect(() => vi.advanceTimersByTime(60_000)).not.toThrow()
  })
})

it('fails a job whose result has a status that is no text', () => {
  const { jobs, runner } = build()
  runner.create(request)
  expect(runner.takeResult('j1', { status: { toString: 1 } })).toBe('success')
  expect(jobs.get('j1')).toMatchObject({
    status: 'failed',
    errorMessage: 'Worker returned unhandled status: {"toString":1}',
  })
})
