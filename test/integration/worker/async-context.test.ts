import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { TaskContext, Worker } from 'avtomatika-worker'
import { expect, onTestFinished, test } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { gate, testWorker } from '../../support/test-worker.js'
import { eventsOf, workerOf } from '../../support/worker-of.js'

const APPLICATION = 'the application'
const als = new AsyncLocalStorage<string>()

/** What handlers and listeners find in the storage when they are called. Each leaves its own name there. */
const seen: (string | undefined)[] = []
const enter = (name: string): void => {
  seen.push(als.getStore())
  als.enterWith(name)
}

const start = (worker: Worker) => {
  seen.length = 0
  return als.run(APPLICATION, () => worker.start())
}

const onlyTheApplication = () => expect(new Set(seen)).toEqual(new Set([APPLICATION]))

const TASKS = 12

const afterAll = async (orchestrator: RawOrchestrator, type: string) => {
  for (let n = 0; n < TASKS; n++) orchestrator.offer(type)
  for (let n = 0; n < TASKS; n++) await orchestrator.answered('result')
}

test.each([
  ['is synchronous', 2, async (ctx: TaskContext) => enter(ctx.taskId)],
  [
    'goes on after an await',
    2,
    async (ctx: TaskContext) => {
      enter(ctx.taskId)
      await new Promise((resolve) => setImmediate(resolve))
      expect(als.getStore()).toBe(ctx.taskId)
    },
  ],
  ['waits for the slot of another task', 1, async (ctx: TaskContext) => enter(ctx.taskId)],
])('a handler that %s starts in the context of start()', async (_, atOnce, handler) => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({
    url: orchestrator.url,
    maxConcurrentTasks: 4,
    taskTypeLimits: { one: atOnce },
  })
  worker.task('mark', { taskType: 'one' }, async (params, ctx) => {
    await handler(ctx)
    return { data: params }
  })
  worker.task('mark-at-once', (_params, ctx) => {
    enter(ctx.taskId)
    return {}
  })
  await start(worker)
  await afterAll(orchestrator, 'mark')
  await afterAll(orchestrator, 'mark-at-once')
  expect(seen).toHaveLength(2 * TASKS)
  onlyTheApplication()
})

test('the schema of params is called in a context of its own as well', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url })
  const params = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) => {
        enter('a schema')
        return { value }
      },
    },
  }
  worker.task('checked', { params }, () => ({}))
  await start(worker)
  await afterAll(orchestrator, 'checked')
  onlyTheApplication()
})

test('each listener of each event is called in the context of start(), until stop() has ended', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url, variables: { WORKER_JOURNAL: false } })
  worker.task('report', (_, ctx) => {
    als.enterWith(ctx.taskId)
    ctx.progress(0.5)
    return {}
  })
  const heard = new Set<string>()
  for (const name of ['stateChanged', 'registered', 'taskStarted', 'taskFinished', 'progress'] as const)
    for (const listener of ['first', 'second'])
      worker.on(name, () => {
        heard.add(name)
        enter(`${listener} listener of ${name}`)
      })
  await start(worker)
  await afterAll(orchestrator, 'report')
  await als.run('whoever stops', () => worker.stop({ pollGraceMs: 0 }))
  expect(heard.size).toBe(5)
  onlyTheApplication()
})

test('a listener that is called before start() is called in the context of its caller', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url })
  seen.length = 0
  worker.on('stateChanged', () => void seen.push(als.getStore()))
  await als.run('the caller', () => worker.stop())
  expect(seen).toEqual(['the caller'])
})

test('handlers of commands and listeners of abort signals start in the context of start()', async () => {
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker } = workerOf(orchestrator.url)
  worker.onCommand('mark', ({ n }) => enter(`command ${n}`))
  worker.task('wait', (_, { signal }) => {
    als.enterWith('a task')
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(enter('a signal'))))
  })
  const finished = eventsOf(worker, 'taskFinished')
  await start(worker)
  const peer = await orchestrator.peers.next()
  for (const n of [1, 2, 3]) {
    peer.say({ command: 'mark', n })
    orchestrator.offer(`task-${n}`, 'wait')
    const started = nextEvent(worker, 'taskStarted')
    await started
    peer.cancel(`task-${n}`)
    await finished.next()
  }
  expect(seen).toHaveLength(6)
  onlyTheApplication()
})

test('requests that a handler causes do not inherit the context of its task', async () => {
  const orchestrator = await RawOrchestrator.start()
  const stores = new Set<string | undefined>()
  const note = () => void stores.add(als.getStore())
  subscribe('undici:request:create', note)
  onTestFinished(() => void unsubscribe('undici:request:create', note))
  const { worker } = testWorker({ url: orchestrator.url, variables: { WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0 } })
  const loaded = gate()
  worker.task('load', async (_, ctx) => {
    als.enterWith('a task')
    await loaded.opened
    ctx.addToHotCache('a model')
    ctx.progress(1)
    return {}
  })
  await start(worker)
  orchestrator.offer('load')
  // With every change told, the next heartbeat is the one that the handler causes.
  await orchestrator.answered('heartbeat', ({ body }) => body.load === 1)
  await orchestrator.fence()
  loaded.open()
  await orchestrator.answered('result')
  await als.run('whoever stops', () => worker.stop({ pollGraceMs: 0 }))
  expect(stores).toEqual(new Set([APPLICATION]))
})
