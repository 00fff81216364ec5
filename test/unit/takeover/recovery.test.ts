import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { ResultSink } from '../../../src/delivery/result-queue.js'
import type { OpenTask } from '../../../src/journal/journal-state.js'
import type { TaskResult } from '../../../src/protocol/messages.js'
import { Recovery } from '../../../src/takeover/recovery.js'
import { linesOf } from '../../support/log-lines.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
})

const ONE = 'http://one'
const TWO = 'http://two'

const sinkOf = (url: string): ResultSink => ({
  url,
  workerId: 'w1',
  deliver: () => Promise.reject(new Error('not used')),
  limits: { quietMs: () => 0, isLimited: () => false },
})

const unfinished = (taskId: string, from: string): OpenTask => ({
  fact: 'accepted',
  from,
  workerId: 'w1',
  jobId: 'j',
  taskId,
  taskName: 'echo',
})

const finished = (taskId: string, from: string): OpenTask => ({
  fact: 'finished',
  from,
  result: { jobId: 'j', taskId, workerId: 'w1', outcome: { kind: 'cancelled' } },
})

const setUp = () => {
  const done: string[] = []
  const note =
    (what: string) =>
    ({ taskId, outcome }: TaskResult, to: ResultSink | string) => {
      const where = typeof to === 'string' ? to : to.url
      const why = outcome.kind === 'failure' ? `: ${outcome.error.message}` : ''
      done.push(`${what} ${taskId} ${where}${why}`)
    }
  const recovery = new Recovery(
    [sinkOf(ONE), sinkOf(TWO)],
    {
      report: async (result, to, isRecorded) => note(isRecorded ? 'deliver' : 'hand back')(result, to),
    },
    {
      buried: async (result, from) => {
        note('dead letter')(result, from)
        return true
      },
      acknowledged: ({ taskId }) => void done.push(`drop ${taskId}`),
    },
    linesOf().logger,
  )
  onTestFinished(() => recovery.close())
  return { recovery, done }
}

test('results are delivered at once, unfinished tasks when their orchestrator can give tasks', () => {
  const { recovery, done } = setUp()
  recovery.begin([unfinished('t1', ONE), finished('t2', ONE), unfinished('t3', TWO)])
  expect(done).toEqual([`deliver t2 ${ONE}`])
  recovery.handBack(ONE)
  expect(done.slice(1)).toEqual([`hand back t1 ${ONE}: The worker restarted before the task ended`])
  recovery.handBack(ONE)
  expect(done).toHaveLength(2)
})

test('an unfinished task goes back after a minute, and not earlier, if its orchestrator gives no tasks', () => {
  const { recovery, done } = setUp()
  recovery.begin([unfinished('t1', ONE), unfinished('t2', TWO)])
  recovery.handBack(ONE)
  vi.advanceTimersByTime(59_999)
  expect(done).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(done.slice(1)).toEqual([`hand back t2 ${TWO}: The worker restarted before the task ended`])
})

test('tasks of an orchestrator that is not configured go to no other one', () => {
  const { recovery, done } = setUp()
  recovery.begin([unfinished('t1', 'http://gone'), finished('t2', 'http://gone')])
  expect(done).toEqual(['drop t1', 'dead letter t2 http://gone'])
})

test.each<[string, (recovery: Recovery) => void]>([
  ['nothing waits', () => {}],
  [
    'the last task has gone back',
    (recovery) => {
      recovery.begin([unfinished('t1', ONE)])
      recovery.handBack(ONE)
    },
  ],
  [
    'it is closed',
    (recovery) => {
      recovery.begin([unfinished('t1', ONE)])
      recovery.close()
    },
  ],
])('no timer runs when %s', (_when, act) => {
  const { recovery } = setUp()
  recovery.begin([finished('t2', ONE)])
  act(recovery)
  expect(vi.getTimerCount()).toBe(0)
})

test('after it is closed no task goes back', () => {
  const { recovery, done } = setUp()
  recovery.begin([unfinished('t1', ONE)])
  recovery.close()
  recovery.handBack(ONE)
  expect(done).toEqual([])
})
