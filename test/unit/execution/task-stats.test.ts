import { expect, it } from 'vitest'
import { ShutdownError, TaskCancelledError, TaskTimeoutError } from '../../../src/errors.js'
import { TaskInHand } from '../../../src/execution/task-in-hand.js'
import { TaskStats } from '../../../src/execution/task-stats.js'
import type { Outcome } from '../../../src/protocol/messages.js'
import { TaskRegistry } from '../../../src/tasks/definition.js'
import { offerOf, sourceAt } from '../../support/execution/tasks-with.js'

const SUCCESS: Outcome = { kind: 'value', status: 'success' }
const FAILURE: Outcome = { kind: 'failure', error: { code: 'X', message: 'x' } }

const setUp = () => {
  const registry = new TaskRegistry()
  for (const name of ['work', '_other'])
    registry.add({ name, taskType: undefined, params: undefined, handler: () => {} })
  const stats = new TaskStats(registry)
  const end = (taskName: string, outcome: Outcome, before: (task: TaskInHand) => void = () => {}) => {
    const task = new TaskInHand(offerOf('t', { taskName }), sourceAt('http://o'))
    task.startedMs = task.acceptedMs + 20
    before(task)
    task.endedMs = task.startedMs === undefined ? 0 : task.startedMs + 300
    stats.ended(task, outcome, false)
  }
  return { stats, end }
}

it('counts outcomes by task name, and a status of its own as a success', () => {
  const { stats, end } = setUp()
  end('work', SUCCESS)
  end('work', { kind: 'value', status: 'needs_review' })
  end('work', FAILURE)
  expect(stats.of('work').total).toEqual({ success: 2, failure: 1, cancelled: 0, handed_back: 0 })
  expect(stats.of('work').durations.success.sum).toBeCloseTo(0.6)
  expect(stats.waits.sum).toBeCloseTo(0.06)
})

it('a task that never ran has no duration', () => {
  const { stats, end } = setUp()
  end('work', FAILURE, (task) => {
    task.startedMs = undefined
  })
  expect(stats.of('work').total.failure).toBe(1)
  expect([stats.of('work').durations.failure.count, stats.waits.count]).toEqual([0, 0])
})

it('10,000 hostile names are one name, and few of them are kept', () => {
  const { stats, end } = setUp()
  for (let n = 0; n < 10_000; n++) end(`__proto__"\n{}${n}${'x'.repeat(n % 500)}`, FAILURE)
  for (const name of ['__proto__', 'constructor', 'toString', '']) end(name, FAILURE)
  expect(stats.other.total.failure).toBe(10_004)
  expect(stats.unknown.size).toBe(20)
  expect(Math.max(...[...stats.unknown.keys()].map(({ length }) => length))).toBeLessThanOrEqual(128)
})

it('a registered task may have the name of all others', () => {
  const { stats, end } = setUp()
  end('_other', SUCCESS)
  end('nobody', FAILURE)
  expect(stats.of('_other').total).toMatchObject({ success: 1, failure: 1 })
})

it.each([
  ['cancelled', new TaskCancelledError()],
  ['timeout', new TaskTimeoutError()],
  ['shutdown', new ShutdownError()],
] as const)('measures the latency of an abort: %s', (reason, error) => {
  const { stats, end } = setUp()
  end('work', FAILURE, (task) => {
    task.startedMs = performance.now() + 1_000
    task.signal.abort(error)
  })
  expect(stats.cancels[reason].count).toBe(1)
  expect(stats.cancels[reason].sum).toBeGreaterThan(1)
})
