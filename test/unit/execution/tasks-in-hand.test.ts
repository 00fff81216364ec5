import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { ShutdownError } from '../../../src/errors.js'
import type { TaskSource } from '../../../src/execution/task-in-hand.js'
import type { TaskOffer } from '../../../src/protocol/messages.js'
import type { Handler } from '../../../src/tasks/definition.js'
import { GRACE_MS, offerOf, sourceAt, tasksWith } from '../../support/execution/tasks-with.js'

const DAY_MS = 86_400_000

/** Tasks that are accepted and run, and their outcomes in the order in which they were decided. */
const setUp = (handler: Handler, limit?: number) => {
  const { tasks, slots, lines } = tasksWith(handler, limit)
  const outcomes: [taskId: string, kind: string][] = []
  const take = (offer: TaskOffer, from: TaskSource) => {
    slots.reserve()
    const task = tasks.accept(offer, from)
    if (!task) return
    void tasks.run(task).then(({ kind }) => {
      outcomes.push([offer.taskId, kind])
      tasks.free(task)
    })
  }
  return { tasks, slots, lines, outcomes, take }
}

/** One task, whose handler ends when the test says so, whatever its signal does. */
const takeOne = async (more: Partial<TaskOffer> = {}) => {
  let end = () => {}
  let aborted: unknown
  const { take, ...rest } = setUp(
    (_, { signal }) =>
      new Promise<void>((resolve) => {
        end = resolve
        signal.addEventListener('abort', () => {
          aborted = signal.reason
        })
      }),
  )
  const from = sourceAt('http://o')
  take(offerOf('t1', more), from)
  const settled = () => vi.advanceTimersByTimeAsync(0)
  await settled()
  return { ...rest, from, end: () => end(), aborted: () => aborted, settled }
}

describe('the clock of a task', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test.each([
    ['a second', 1_000],
    ['thirty days', 30 * DAY_MS],
  ])('a deadline in %s aborts the handler then and not before', async (_, ms) => {
    const { aborted, end, settled } = await takeOne({ deadlineMs: Date.now() + ms })
    await vi.advanceTimersByTimeAsync(ms - 1)
    expect(aborted()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(aborted()).toMatchObject({ name: 'TaskTimeoutError' })
    end()
    await settled()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a task that is given up leaves no timer, although its handler goes on', async () => {
    const { tasks, outcomes } = await takeOne({ deadlineMs: Date.now() + 3_600_000 })
    tasks.abortAll(new ShutdownError())
    await tasks.giveUp()
    expect([outcomes.map(([, kind]) => kind), vi.getTimerCount()]).toEqual([['failure'], 0])
  })

  test('a task that ends in time leaves no timer', async () => {
    const { end, settled, outcomes } = await takeOne({ deadlineMs: Date.now() + 60_000 })
    end()
    await settled()
    expect([outcomes.map(([, kind]) => kind), vi.getTimerCount()]).toEqual([['value'], 0])
  })

  test('a cancelled handler that goes on is reported after its grace and not before, and keeps its slot', async () => {
    const { tasks, from, slots, lines, outcomes, end, settled } = await takeOne()
    tasks.cancel('t1', from)
    await vi.advanceTimersByTimeAsync(GRACE_MS - 1)
    expect(outcomes).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect([outcomes.map(([, kind]) => kind), slots.running]).toEqual([['cancelled'], 1])
    end()
    await settled()
    expect([outcomes.length, slots.running, tasks.running.length]).toEqual([1, 0, 0])
    expect(lines.all.filter(({ level }) => level === 'warn')).toHaveLength(2)
  })

  test('a cancelled handler that ends in its grace leaves no timer and no warning', async () => {
    const { tasks, from, lines, outcomes, end, settled } = await takeOne()
    tasks.cancel('t1', from)
    end()
    await settled()
    expect([outcomes.map(([, kind]) => kind), vi.getTimerCount()]).toEqual([['cancelled'], 0])
    await vi.advanceTimersByTimeAsync(10 * GRACE_MS)
    expect(lines.all.filter(({ level }) => level === 'warn')).toEqual([])
  })
})

const untilAborted: Handler = (_, { signal }) =>
  new Promise((_end, fail) => signal.addEventListener('abort', () => fail(signal.reason)))

test('a cancelled task that waits for a slot is reported at once, and never starts', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const started: string[] = []
  const ends: (() => void)[] = []
  const { tasks, slots, take, outcomes } = setUp((_, { taskId }) => {
    started.push(taskId)
    return new Promise<void>((end) => ends.push(end))
  }, 1)
  const from = sourceAt('http://o')
  for (const id of ['t1', 't2']) take(offerOf(id), from)
  const settled = () => vi.advanceTimersByTimeAsync(0)
  await settled()
  expect([started, slots.waiting]).toEqual([['t1'], 1])
  tasks.cancel('t2', from)
  await settled()
  expect([outcomes, slots.waiting, vi.getTimerCount()]).toEqual([[['t2', 'cancelled']], 0, 0])
  for (const end of ends) end()
  await settled()
  expect([started, slots.running, tasks.running.length]).toEqual([['t1'], 0, 0])
})

describe('a flood of offers that are not run makes one line a minute', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const refusal = { code: 'SECURITY_ERROR', message: 'no signature' }

  test.each([
    ['the same task again and again', () => offerOf('t1'), 'Task offered again while it is in hand'],
    [
      'the same step',
      (n: number) => offerOf(`task-${n}`, { jobId: 'j', step: 1 }),
      'Step of a job offered again',
    ],
    ['refused tasks', (n: number) => offerOf(`t${n}`, { refusal }), 'Task refused'],
  ])('%s', async (_, offer, message) => {
    const { take, lines } = setUp(() => new Promise(() => {}))
    const told = () => lines.all.filter((line) => line.message.startsWith(message))
    for (let n = 0; n < 9; n++) take(offer(n), sourceAt('http://o'))
    expect(told()).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(60_000)
    take(offer(9), sourceAt('http://o'))
    expect(told()).toHaveLength(2)
    expect(told()[1]?.fields).toMatchObject({ skipped: expect.any(Number) })
  })
})

test('an orchestrator cancels only what came from it', async () => {
  const [one, two] = [sourceAt('http://one'), sourceAt('http://two')]
  const { tasks, take, outcomes } = setUp(untilAborted)
  take(offerOf('t1', { jobId: 'j1' }), one)
  tasks.cancel('t1', two)
  tasks.cancel('j1', two)
  expect(tasks.running[0]?.signal.reason).toBeUndefined()
  tasks.cancel('t1', one)
  await tasks.empty()
  expect(outcomes).toEqual([['t1', 'cancelled']])
})

test('what came to another id of this worker can be cancelled, too', async () => {
  const { tasks, take, outcomes } = setUp(untilAborted)
  take(offerOf('t1', { jobId: 'j1' }), sourceAt('http://one', { workerId: 'w1-standby' }))
  tasks.cancel('j1', sourceAt('http://one'))
  await tasks.empty()
  expect(outcomes).toEqual([['t1', 'cancelled']])
})

test('the id of a job cancels all of its tasks', async () => {
  const from = sourceAt('http://one')
  const { tasks, take, outcomes } = setUp(untilAborted)
  take(offerOf('t1', { jobId: 'j1' }), from)
  take(offerOf('t2', { jobId: 'j1' }), from)
  take(offerOf('t3', { jobId: 'j2' }), from)
  tasks.cancel('j1', from)
  tasks.cancel('t3', from)
  await tasks.empty()
  expect(outcomes).toEqual([
    ['t1', 'cancelled'],
    ['t2', 'cancelled'],
    ['t3', 'cancelled'],
  ])
})
