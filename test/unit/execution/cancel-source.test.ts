import { expect, test } from 'vitest'
import { RepeatedOffers } from '../../../src/execution/repeated-offers.js'
import { Slots } from '../../../src/execution/slots.js'
import type { TaskInHand, TaskSource } from '../../../src/execution/task-in-hand.js'
import { TasksInHand } from '../../../src/execution/tasks-in-hand.js'
import type { TaskOffer } from '../../../src/protocol/messages.js'
import { TaskRegistry } from '../../../src/tasks/definition.js'
import { Wake } from '../../../src/utils/wake.js'
import { idleTools } from '../../support/context-tools.js'
import { unusedDirectories } from '../../support/files/unused-directories.js'
import { linesOf } from '../../support/log-lines.js'
import { UNWATCHED } from '../../support/unwatched.js'

const offerOf = (taskId: string, jobId: string): TaskOffer => ({
  taskId,
  jobId,
  taskName: 'wait',
  params: {},
  priority: 0,
  tracingContext: {},
})
const source = (url: string, workerId = 'w1'): TaskSource => ({
  url,
  workerId,
  deliver: async () => ({ kind: 'taken' as const }),
  quietMs: () => 0,
  isLimited: () => false,
  uplink: { progress: () => {}, emit: () => {}, settle: () => {} },
})

/** Tasks in hand that never end but by their signal, and what became of which. */
const setUp = () => {
  const slots = new Slots<TaskInHand>({ global: 10, byType: {} })
  const registry = new TaskRegistry()
  const handler = (_: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise<object>((_end, fail) => signal.addEventListener('abort', () => fail(signal.reason)))
  registry.add({ name: 'wait', taskType: undefined, params: undefined, handler })
  const { logger: log } = linesOf()
  const tools = idleTools(log)
  const ended: [taskId: string, kind: string][] = []
  const tasks = new TasksInHand({
    cancelGraceMs: 5_000,
    surroundings: { registry, directories: unusedDirectories(), tools, watch: UNWATCHED },
    slots,
    repeats: new RepeatedOffers(),
    watch: { ended: () => {} },
    events: { has: () => false, emit: () => {} } as never,
    log,
    strays: { run: (_, work) => work() },
    wake: new Wake(),
  })
  const take = (taskId: string, jobId: string, from: TaskSource) => {
    slots.reserve()
    const task = tasks.accept(offerOf(taskId, jobId), from)
    if (!task) return
    void tasks.run(task).then(({ kind }) => {
      ended.push([taskId, kind])
      tasks.free(task)
    })
  }
  return { tasks, take, ended }
}

test('an orchestrator cancels only what came from it', async () => {
  const [one, two] = [source('http://one'), source('http://two')]
  const { tasks, take, ended } = setUp()
  take('t1', 'j1', one)
  tasks.cancel('t1', two)
  tasks.cancel('j1', two)
  expect(tasks.running[0]?.signal.reason).toBeUndefined()
  tasks.cancel('t1', one)
  await tasks.empty()
  expect(ended).toEqual([['t1', 'cancelled']])
})

test('what came to another id of this worker can be cancelled, too', async () => {
  const { tasks, take, ended } = setUp()
  take('t1', 'j1', source('http://one', 'w1-standby'))
  tasks.cancel('j1', source('http://one'))
  await tasks.empty()
  expect(ended).toEqual([['t1', 'cancelled']])
})

test('the id of a job cancels all of its tasks', async () => {
  const from = source('http://one')
  const { tasks, take, ended } = setUp()
  take('t1', 'j1', from)
  take('t2', 'j1', from)
  take('t3', 'j2', from)
  tasks.cancel('j1', from)
  tasks.cancel('t3', from)
  await tasks.empty()
  expect(ended).toEqual([
    ['t1', 'cancelled'],
    ['t2', 'cancelled'],
    ['t3', 'cancelled'],
  ])
})
