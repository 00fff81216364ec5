import {
  type Handler,
  PermanentError,
  type ProgressUpdate,
  transientFailure,
  type WorkerEvents,
} from 'avtomatika-worker'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { GENERATIONS } from '../../support/generations.js'
import { nextEvent } from '../../support/next-event.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

const setup = async () => {
  const orchestrator = await RawOrchestrator.start()
  return { orchestrator, ...testWorker({ url: orchestrator.url }) }
}

const throwing = (thrown: unknown) => () => {
  throw thrown
}
const failure = (code: string, message: unknown) => ({ status: 'failure', error: { code, message } })

const looped: { self?: unknown } = {}
looped.self = { back: looped }

const cases: [string, Handler, object][] = [
  ['returns nothing', () => {}, { status: 'success' }],
  [
    'returns a function that can be waited for, as query builders are',
    (() =>
      Object.assign(() => {}, {
        // biome-ignore lint/suspicious/noThenProperty: this is what it is about
        then: (resolve: (value: object) => void) => resolve({ width: 2 }),
      })) as unknown as Handler,
    { status: 'success', data: { width: 2 } },
  ],
  ['returns its data', () => ({ width: 1 }), { status: 'success', data: { width: 1 } }],
  [
    'returns a status of its own',
    () => ({ status: 'review', data: { x: 1 } }),
    { status: 'review', data: { x: 1 } },
  ],
  ['returns a failure', () => transientFailure('later'), failure('TRANSIENT_ERROR', 'later')],
  ['throws a text', throwing('just words'), failure('TRANSIENT_ERROR', 'just words')],
  ['throws null', throwing(null), failure('TRANSIENT_ERROR', 'thrown: null')],
  ['throws nothing', throwing(undefined), failure('TRANSIENT_ERROR', 'thrown: undefined')],
  ['throws a frozen error', throwing(Object.freeze(new Error('cold'))), failure('TRANSIENT_ERROR', 'cold')],
  ['throws an error class', throwing(new PermanentError('corrupt')), failure('PERMANENT_ERROR', 'corrupt')],
  ['rejects', () => Promise.reject(new Error('later')), failure('TRANSIENT_ERROR', 'later')],
  ['returns a BigInt', (() => 5n) as never, failure('PERMANENT_ERROR', expect.stringContaining('a bigint'))],
  [
    'returns a BigInt deep down',
    () => ({ data: { list: [{ n: 5n }] } }),
    failure('PERMANENT_ERROR', expect.stringContaining('data.list[0].n is a bigint')),
  ],
  [
    'returns a cycle',
    () => ({ data: looped }),
    failure('PERMANENT_ERROR', expect.stringContaining('data.self.back is a cycle')),
  ],
  [
    'returns a function',
    () => ({ data: { f: () => {} } }),
    failure('PERMANENT_ERROR', expect.stringContaining('data.f is a function')),
  ],
]

test.each(cases)('a handler that %s', async (_name, handler, result) => {
  const { orchestrator, worker } = await setup()
  worker.task('work', handler)
  worker.task('echo', (params) => ({ data: params }))
  await worker.start()
  orchestrator.offer('work')
  expect((await orchestrator.next('result')).body).toEqual({
    job_id: 'job of t1',
    task_id: 't1',
    worker_id: 'w1',
    result,
  })
  orchestrator.offer('echo', { still: 'here' })
  expect((await orchestrator.next('result')).body.result).toEqual({
    status: 'success',
    data: { still: 'here' },
  })
})

test('an unknown task name is a PERMANENT_ERROR that names it and what there is', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('echo', () => {})
  await worker.start()
  orchestrator.offer('paint')
  expect((await orchestrator.next('result')).body.result).toEqual(
    failure('PERMANENT_ERROR', 'Unknown task "paint": this worker has echo'),
  )
})

test('params that a schema refuses, or that are no object, are an INVALID_INPUT_ERROR', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('resize', { params: z.object({ width: z.coerce.number() }) }, (params) => params)
  worker.task('echo', (params) => params)
  await worker.start()
  orchestrator.offer('resize', { width: 'wide' })
  orchestrator.offer('echo', ['no', 'object'])
  orchestrator.offer('resize', { width: '320' })
  const results = [1, 2, 3].map(() => orchestrator.next('result'))
  const byId = new Map((await Promise.all(results)).map(({ body }) => [body.task_id, body.result]))
  expect(byId.get('t1')).toEqual(failure('INVALID_INPUT_ERROR', expect.stringMatching(/^width: /)))
  expect(byId.get('t2')).toEqual(failure('INVALID_INPUT_ERROR', 'params: expected an object, got an array'))
  expect(byId.get('t3')).toEqual({ status: 'success', data: { width: 320 } })
})

test('progress is told to listeners', async () => {
  const { orchestrator, worker } = await setup()
  const updates: ProgressUpdate[] = []
  worker.on('progress', (update) => updates.push(update))
  worker.task('work', (_params, { progress }) => {
    progress(0.5, 'half')
    progress(2)
  })
  await worker.start()
  orchestrator.offer('work')
  await orchestrator.next('result')
  const task = { jobId: 'job of t1', taskId: 't1', tracingContext: {} }
  expect(updates).toEqual([
    { ...task, progress: 0.5, message: 'half' },
    { ...task, progress: 1, message: '' },
  ])
})

test('listeners are told of a task in order; one that throws harms nobody', async () => {
  const { orchestrator, worker, logged } = await setup()
  const told: (keyof WorkerEvents)[] = []
  for (const name of ['registered', 'taskStarted', 'taskFinished', 'resultDelivered'] as const) {
    worker.on(name, () => {
      throw new Error('a bug in a listener')
    })
    worker.on(name, () => told.push(name))
  }
  worker.task('echo', () => {})
  const delivered = nextEvent(worker, 'resultDelivered')
  await worker.start()
  orchestrator.offer('echo')
  expect(await delivered).toEqual({ taskId: 't1', jobId: 'job of t1' })
  expect(told).toEqual(['registered', 'taskStarted', 'taskFinished', 'resultDelivered'])
  expect(logged('error').map(({ msg }) => msg)).toContain('Listener of "taskStarted" failed')
})

test("a handler's own log lines carry the ids", async () => {
  const { orchestrator, worker, said } = await setup()
  worker.task('work', (_params, { log }) => log.info({ page: 3 }, 'hello from the handler'))
  await worker.start()
  orchestrator.offer('work')
  expect(await said('hello from the handler')).toMatchObject({
    taskId: 't1',
    jobId: 'job of t1',
    taskName: 'work',
    page: 3,
  })
})

test.each(GENERATIONS)('the embedded orchestrator gets its task done: %s', async (generation) => {
  const orchestrator = await testOrchestrator({ generation })
  const { worker } = testWorker({
    url: orchestrator.url,
    variables: { WORKER_TOKEN: orchestrator.workerToken, ORCHESTRATOR_PROTOCOL: 'auto' },
  })
  worker.task('twice', ({ x }) => ({ data: { y: 2 * x } }))
  await worker.start()
  const { id } = await orchestrator.createJob({ task: 'twice', params: { x: 21 } })
  expect(await orchestrator.waitForJob(id)).toMatchObject({ history: { y: 42 } })
})
