import { afterEach, beforeEach, expect, it, vi } from 'vitest'
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
  const workers = new WorkerStore(60_000, () => {})
  workers.register('w1', { supported_tasks: ['echo'] })
  const jobs = new JobStore(() => {})
  const parts = {
    workers,
    jobs,
    queues: new PollQueues<object>(),
    maxRetries: 3,
    secretKey: '',
    waitForWorker: false,
  }
  return { jobs, runner: new JobRunner({ ...parts, sendCancel: () => false }) }
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
