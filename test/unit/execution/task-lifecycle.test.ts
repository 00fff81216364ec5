import { expect, test, vi } from 'vitest'
import { Delivery } from '../../../src/delivery/delivery.js'
import { Events } from '../../../src/events.js'
import { RepeatedOffers } from '../../../src/execution/repeated-offers.js'
import { Slots } from '../../../src/execution/slots.js'
import type { TaskInHand, TaskSource } from '../../../src/execution/task-in-hand.js'
import { TaskLifecycle } from '../../../src/execution/task-lifecycle.js'
import { TaskReports } from '../../../src/execution/task-reports.js'
import { TasksInHand } from '../../../src/execution/tasks-in-hand.js'
import type { Receipt, TaskOffer, TaskResult } from '../../../src/protocol/messages.js'
import { type Handler, TaskRegistry } from '../../../src/tasks/definition.js'
import { Wake } from '../../../src/utils/wake.js'
import { idleTools } from '../../support/context-tools.js'
import { unusedDirectories } from '../../support/files/unused-directories.js'
import { linesOf } from '../../support/log-lines.js'
import { UNWATCHED } from '../../support/unwatched.js'

const offerOf = (taskId: string): TaskOffer => ({
  taskId,
  jobId: `job of ${taskId}`,
  taskName: 'add',
  params: { a: 1 },
  priority: 0,
  tracingContext: {},
})

/** The path of tasks on its own: with a journal that writes at once, and an orchestrator that takes everything. */
const setUp = (handler: Handler = () => ({ data: { sum: 2 } }), source: Partial<TaskSource> = {}) => {
  const steps: string[] = []
  const delivered: TaskResult[] = []
  const { logger: log, lines } = linesOf()
  const wake = new Wake()
  const slots = new Slots<TaskInHand>({ global: 2, byType: {} })
  const events = new Events(() => {})
  const repeats = new RepeatedOffers<TaskInHand>()
  const registry = new TaskRegistry()
  registry.add({ name: 'add', taskType: undefined, params: undefined, handler })
  const directories = unusedDirectories()
  const reports = new TaskReports(events, log)
  const journal = {
    accepted: (_offer: TaskOffer, _from: TaskSource, then: () => void) => {
      steps.push('journal: accepted')
      then()
    },
    finished: (_result: TaskResult, _from: string, then: () => void) => {
      steps.push('journal: finished')
      then()
    },
    acknowledged: (_result: TaskResult, then: () => void) => {
      steps.push('journal: acknowledged')
      then()
    },
    buried: async () => {
      steps.push('journal: buried')
      return true
    },
  }
  const policy = { maxRetries: 5, initialDelayMs: 1_000, atOnce: 16, bound: 1_000 }
  const delivery = new Delivery(policy, journal, reports, wake)
  const tasks = new TasksInHand({
    cancelGraceMs: 5_000,
    surroundings: { registry, directories, tools: idleTools(log), watch: UNWATCHED },
    slots,
    repeats,
    watch: { ended: () => {} },
    strays: { run: (_, work) => work() },
    events,
    log,
    wake,
  })
  const from: TaskSource = {
    url: 'http://o',
    workerId: 'w1',
    quietMs: () => 0,
    isLimited: () => false,
    deliver: async (result): Promise<Receipt> => {
      steps.push(`deliver, ${slots.running} running`)
      delivered.push(result)
      return { kind: 'taken' }
    },
    uplink: { progress: () => {}, emit: () => {}, settle: () => void steps.push('last progress') },
    ...source,
  }
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
  expect(lines.all.map(({ message }) => message)).toEqual([
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
  const { TaskCancelledError } = await import('../../../src/errors.js')
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
