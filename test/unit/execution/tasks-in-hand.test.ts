import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RepeatedOffers } from '../../../src/execution/repeated-offers.js'
import { Slots } from '../../../src/execution/slots.js'
import type { TaskInHand, TaskSource } from '../../../src/execution/task-in-hand.js'
import { TasksInHand } from '../../../src/execution/tasks-in-hand.js'
import type { Outcome, TaskOffer } from '../../../src/protocol/messages.js'
import { TaskRegistry } from '../../../src/tasks/definition.js'
import { Wake } from '../../../src/utils/wake.js'
import { idleTools } from '../../support/context-tools.js'
import { unusedDirectories } from '../../support/files/unused-directories.js'
import { linesOf } from '../../support/log-lines.js'
import { UNWATCHED } from '../../support/unwatched.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const DAY_MS = 86_400_000
const GRACE_MS = 5_000

/** A task whose handler ends when the test says so, whatever its signal does. */
const setUp = async (more: Partial<TaskOffer> = {}) => {
  let end = () => {}
  let aborted: unknown
  const registry = new TaskRegistry()
  registry.add({
    name: 'wait',
    taskType: undefined,
    params: undefined,
    handler: (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise<void>((resolve) => {
        end = resolve
        signal.addEventListener('abort', () => (aborted = signal.reason))
      }),
  })
  const { logger: log, lines } = linesOf()
  const slots = new Slots<TaskInHand>({ global: 10, byType: {} })
  const tasks = new TasksInHand({
    cancelGraceMs: GRACE_MS,
    surroundings: { registry, directories: unusedDirectories(), tools: idleTools(log), watch: UNWATCHED },
    slots,
    repeats: new RepeatedOffers(),
    watch: { ended: () => {} },
    events: { has: () => false, emit: () => {} } as never,
    log,
    strays: { run: (_, work) => work() },
    wake: new Wake(),
  })
  const from = { url: 'http://o' } as TaskSource
  const offer: TaskOffer = {
    taskId: 't1',
    jobId: 'j1',
    taskName: 'wait',
    params: {},
    priority: 0,
    tracingContext: {},
    ...more,
  }
  slots.reserve()
  const task = tasks.accept(offer, from)
  if (!task) throw new Error('it is no duplicate')
  const outcomes: Outcome[] = []
  void tasks.run(task).then((outcome) => {
    outcomes.push(outcome)
    tasks.free(task)
  })
  const settled = () => vi.advanceTimersByTimeAsync(0)
  await settled()
  return { tasks, task, from, slots, lines, outcomes, end: () => end(), aborted: () => aborted, settled }
}

test.each([
  ['a second', 1_000],
  ['thirty days', 30 * DAY_MS],
])('a deadline in %s aborts the handler then and not before', async (_, ms) => {
  const { aborted, end, settled } = await setUp({ deadlineMs: Date.now() + ms })
  await vi.advanceTimersByTimeAsync(ms - 1)
  expect(aborted()).toBeUndefined()
  await vi.advanceTimersByTimeAsync(1)
  expect(aborted()).toMatchObject({ name: 'TaskTimeoutError' })
  end()
  await settled()
  expect(vi.getTimerCount()).toBe(0)
})

test('a task that ends in time leaves no timer', async () => {
  const { end, settled, outcomes } = await setUp({ deadlineMs: Date.now() + 60_000 })
  end()
  await settled()
  expect([outcomes.map(({ kind }) => kind), vi.getTimerCount()]).toEqual([['value'], 0])
})

test('a cancelled handler that goes on is reported after its grace and not before, and keeps its slot', async () => {
  const { tasks, from, slots, lines, outcomes, end, settled } = await setUp()
  tasks.cancel('t1', from)
  await vi.advanceTimersByTimeAsync(GRACE_MS - 1)
  expect(outcomes).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect([outcomes.map(({ kind }) => kind), slots.running]).toEqual([['cancelled'], 1])
  end()
  await settled()
  expect([outcomes.length, slots.running, tasks.running.length]).toEqual([1, 0, 0])
  expect(lines.all.filter(({ level }) => level === 'warn')).toHaveLength(2)
})

test('a cancelled handler that ends in its grace leaves no timer and no warning', async () => {
  const { tasks, from, lines, outcomes, end, settled } = await setUp()
  tasks.cancel('t1', from)
  end()
  await settled()
  expect([outcomes.map(({ kind }) => kind), vi.getTimerCount()]).toEqual([['cancelled'], 0])
  await vi.advanceTimersByTimeAsync(10 * GRACE_MS)
  expect(lines.all.filter(({ level }) => level === 'warn')).toEqual([])
})
