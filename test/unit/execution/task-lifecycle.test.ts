import { expect, test, vi } from 'vitest'
import { Delivery } from '../../../src/delivery/delivery.js'
import { TaskCancelledError } from '../../../src/errors.js'
import type { TaskSource } from '../../../src/execution/task-in-hand.js'
import { TaskLifecycle } from '../../../src/execution/task-lifecycle.js'
import { TaskReports } from '../../../src/execution/task-reports.js'
import { TaskStats } from '../../../src/execution/task-stats.js'
import type { Receipt, TaskOffer, TaskResult } from '../../../src/protocol/messages.js'
import type { Handler } from '../../../src/tasks/definition.js'
import { offerOf, sourceAt, tasksWith } from '../../support/execution/tasks-with.js'

/** The path of tasks on its own: with a journal that writes at once, and an orchestrator that takes everything. */
const setUp = (handler: Handler = () => ({ data: { sum: 2 } }), source: Partial<TaskSource> = {}) => {
  const { tasks, slots, repeats, directories, events, wake, log, lines } = tasksWith(handler)
  const steps: string[] = []
  const delivered: TaskResult[] = []
  const reports = new TaskReports(events, log, new TaskStats({ get: () => undefined }))
  const noted = (what: string, then: () => void) => {
    steps.push(`journal: ${what}`)
    then()
  }
  const journal = {
    accepted: (_offer: TaskOffer, _from: TaskSource, then: () => void) => noted('accepted', then),
    finished: (_result: TaskResult, _from: string, then: () => void) =>
      noted('finished', () => queueMicrotask(then)),
    acknowledged: (_result: TaskResult, then: () => void) => noted('acknowledged', then),
    buried: async () => true,
  }
  const policy = { maxRetries: 5, initialDelayMs: 1_000, atOnce: 16, bound: 1_000 }
  const delivery = new Delivery(policy, journal, reports, wake)
  const from = sourceAt('http://o', {
    deliver: async (result): Promise<Receipt> => {
      steps.push(`deliver, ${slots.running} running`)
      delivered.push(result)
      return { kind: 'taken' }
    },
    uplink: { progress: () => {}, emit: () => {}, settle: () => void steps.push('last progress') },
    ...source,
  })
  events.on('taskStarted', () => steps.push('started'))
  events.on('taskFinished', ({ status }) => steps.push(`finished: ${status}`))
  events.on('resultDelivered', () => steps.push('delivered'))
  const lifecycle = new TaskLifecycle({ tasks, journal, delivery, repeats, directories, reports })
  const take = (offer: TaskOffer) => {
    expect(slots.reserve()).toBe(true)
    lifecycle.take(offer, from)
  }
  const idle = async () => {
    await tasks.empty()
    await delivery.empty()
  }
  return { steps, delivered, lines, slots, tasks, delivery, take, idle }
}

test('a task goes its way in this order', async () => {
  const { steps, take, idle, slots } = setUp()
  take(offerOf('t1'))
  await idle()
  await vi.waitFor(() => expect(steps).toContain('delivered'))
  expect(steps).toEqual([
    'journal: accepted',
    'started',
    'journal: finished',
    'last progress',
    'finished: success',
    'deliver, 0 running',
    'journal: acknowledged',
    'delivered',
  ])
  expect([slots.running, slots.reserve()]).toEqual([0, true])
})

test('a result is delivered although its last progress cannot be sent', async () => {
  const uplink = {
    progress: () => {},
    emit: () => {},
    settle: () => {
      throw new RangeError('an integer beyond 64 bits')
    },
  }
  const { delivered, lines, take, idle } = setUp(undefined, { uplink })
  take(offerOf('t1'))
  await idle()
  expect(delivered.map(({ outcome }) => outcome.kind)).toEqual(['value'])
  expect((await lines.first(({ level }) => level === 'error')).fields).toMatchObject({ taskId: 't1' })
})

test('a duplicate of a task in hand gives its slot back, and the task has one result', async () => {
  let end = () => {}
  const handler: Handler = () => new Promise<void>((resolve) => (end = resolve))
  const { delivered, lines, take, idle, slots } = setUp(handler)
  take(offerOf('t1'))
  await vi.waitFor(() => expect(slots.running).toBe(1))
  take(offerOf('t1'))
  expect(lines.all.filter(({ level }) => level !== 'debug').map(({ message }) => message)).toEqual([
    'Task offered again while it is in hand: it runs once',
  ])
  expect([slots.running, slots.reserve()]).toEqual([1, true])
  end()
  await idle()
  expect(delivered).toHaveLength(1)
})

test('a task that is given up is reported before its handler ends, and once', async () => {
  let end = () => {}
  const handler: Handler = () => new Promise<void>((resolve) => (end = resolve))
  const { delivered, lines, take, tasks, delivery, slots } = setUp(handler)
  take(offerOf('t1'))
  await vi.waitFor(() => expect(slots.running).toBe(1))
  tasks.abortAll(new TaskCancelledError())
  await tasks.giveUp()
  await delivery.empty()
  expect([delivered.map(({ outcome }) => outcome.kind), slots.running]).toEqual([['cancelled'], 1])
  end()
  await tasks.empty()
  expect([delivered.length, slots.running]).toEqual([1, 0])
  expect(lines.all.map(({ message }) => message)).toContain(
    'Handler ended after its task had been given up: its result is dropped',
  )
})
