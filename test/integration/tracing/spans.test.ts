import { writeFileSync } from 'node:fs'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { type ObjectStore, PermanentError } from 'avtomatika-worker'
import { expect, test } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { openTelemetry, readTraceparent, traceparentOf } from '../../support/spans.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { gate, testWorker } from '../../support/test-worker.js'
import { workerOf } from '../../support/worker-of.js'

const CLIENT = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }
const TRACED = { traceparent: traceparentOf(CLIENT) }

type Options = Partial<Parameters<typeof testWorker>[0]>

const setUp = async (options: Options = {}) => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({ url: orchestrator.url, ...options })
  made.worker.task('echo', (params) => ({ data: params }))
  const offer = (type: string, tracing: unknown = TRACED, params: unknown = {}, id = 't1') =>
    orchestrator.endPoll({
      body: { job_id: `job of ${id}`, task_id: id, type, params, tracing_context: tracing },
    })
  return { orchestrator, offer, ...made }
}

test('§1.5.15 a task is a span in the trace of its job, and its result is another one inside of it', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  await worker.start()
  offer('echo')
  const { headers } = await orchestrator.answered('result')
  const settle = await spans.named('settle echo')
  const process = await spans.named('process echo')
  expect(spans.all()).toHaveLength(2)

  expect(process.kind).toBe(SpanKind.CONSUMER)
  expect(process.spanContext().traceId).toBe(CLIENT.traceId)
  expect(process.parentSpanContext).toMatchObject({ ...CLIENT, isRemote: true })
  expect(process.links.map(({ context }) => context)).toMatchObject([CLIENT])
  expect(process.status.code).toBe(SpanStatusCode.UNSET)

  expect(settle.kind).toBe(SpanKind.CLIENT)
  expect(settle.parentSpanContext?.spanId).toBe(process.spanContext().spanId)
  expect(readTraceparent(headers['traceparent'])).toEqual({
    traceId: CLIENT.traceId,
    spanId: settle.spanContext().spanId,
  })
  expect(process.instrumentationScope.name).toBe('avtomatika-worker')
})

test('attributes have the names of the messaging conventions', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  await worker.start()
  offer('echo')
  await orchestrator.answered('result')
  const own = { 'avtomatika.task.status': 'success' }
  const common = {
    'messaging.system': 'avtomatika',
    'messaging.destination.name': 'echo',
    'messaging.message.id': 't1',
    'messaging.message.conversation_id': 'job of t1',
    'messaging.client.id': 'w1',
    'server.address': '127.0.0.1',
    'server.port': orchestrator.port,
  }
  const of = (operation: string) => ({
    ...common,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
  })
  expect((await spans.named('settle echo')).attributes).toEqual(of('settle'))
  expect((await spans.named('process echo')).attributes).toEqual({ ...of('process'), ...own })
  const known: readonly unknown[] = Object.values(conventions)
  for (const name of Object.keys(of('process'))) expect(known, name).toContain(name)
  expect(known).toContain(conventions.MESSAGING_OPERATION_TYPE_VALUE_SETTLE)
})

test.each([
  ['the option', { trace: 'link' }],
  ['the variable', { variables: { WORKER_TRACE: 'link' } }],
] as const)('%s "link" begins a trace for each task, with a link to its job', async (_, options) => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp(options)
  await worker.start()
  offer('echo')
  await orchestrator.answered('result')
  const process = await spans.named('process echo')
  const settle = await spans.named('settle echo')
  expect(process.parentSpanContext).toBeUndefined()
  expect(process.spanContext().traceId).not.toBe(CLIENT.traceId)
  expect(process.links.map(({ context }) => context)).toMatchObject([CLIENT])
  expect(settle.spanContext().traceId).toBe(process.spanContext().traceId)
})

test('"off" makes no spans and sends no trace', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp({ trace: 'off' })
  worker.task('own', () => {
    expect(trace.getActiveSpan()).toBeUndefined()
    return {}
  })
  await worker.start()
  offer('own')
  const { headers, body } = await orchestrator.answered('result')
  expect(body.result.status).toBe('success')
  expect(headers).not.toHaveProperty('traceparent')
  expect(spans.all()).toEqual([])
})

test.each([
  ['no trace', {}],
  ['what is no trace', { traceparent: 'x', tracestate: 7, baggage: [], __proto__: null, 'a b': '\r\n' }],
  ['huge baggage', { traceparent: 'x', baggage: `a=${'b'.repeat(100_000)}` }],
  ['no object', 'x'],
])('a task with %s begins a trace, and its result arrives', async (_, tracing) => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  // What the application was doing when it started its worker is not what the task belongs to.
  await trace.getTracer('application').startActiveSpan('start', () => worker.start())
  offer('echo', tracing)
  const { headers } = await orchestrator.answered('result')
  const process = await spans.named('process echo')
  expect(process.parentSpanContext).toBeUndefined()
  expect(process.links).toEqual([])
  expect(readTraceparent(headers['traceparent']).traceId).toBe(process.spanContext().traceId)
})

test('§1.5.15 state and baggage of the job go along, and no header of the request is replaced', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  await worker.start()
  const more = {
    tracestate: 'vendor=1',
    baggage: 'tenant=a',
    'x-worker-token': 'stolen',
    'content-length': '1',
  }
  offer('echo', { ...TRACED, ...more })
  const { headers, body } = await orchestrator.answered('result')
  expect(headers).toMatchObject({ tracestate: 'vendor=1', baggage: 'tenant=a' })
  expect(headers['x-worker-token']).not.toBe('stolen')
  expect(body.result.status).toBe('success')
  await spans.named('settle echo')
})

test('a failed task is a failed span with its error', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  worker.task('fails', () => {
    throw new PermanentError('no such picture')
  })
  await worker.start()
  offer('fails')
  await orchestrator.answered('result')
  const { status, attributes, events } = await spans.named('process fails')
  expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'no such picture' })
  expect(attributes).toMatchObject({ 'error.type': 'PERMANENT_ERROR', 'avtomatika.task.status': 'failure' })
  expect(events.map(({ name, attributes: its }) => [name, its?.['exception.message']])).toEqual([
    ['exception', 'no such picture'],
  ])
  expect((await spans.named('settle fails')).status.code).toBe(SpanStatusCode.UNSET)
})

test('a cancelled task is no error, and its span ends although its handler goes on', async () => {
  const spans = openTelemetry()
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker } = workerOf(orchestrator.url, { variables: { WORKER_CANCEL_GRACE: 0 } })
  const { opened, open } = gate()
  const { opened: called, open: call } = gate()
  worker.task('stubborn', () => {
    call()
    return opened
  })
  await worker.start()
  const peer = await orchestrator.peers.next()
  orchestrator.offer('t1', 'stubborn')
  await called
  peer.cancel('t1')
  const { attributes, status } = await spans.named('process stubborn')
  expect(attributes['avtomatika.task.status']).toBe('cancelled')
  expect(attributes).not.toHaveProperty('error.type')
  expect(status.code).toBe(SpanStatusCode.UNSET)
  open()
})

test('a task that the stop of the worker gives up ends its span', async () => {
  const spans = openTelemetry()
  const { worker, offer } = await setUp({ variables: { WORKER_SHUTDOWN_TIMEOUT: 0 } })
  const { opened, open } = gate()
  const { opened: called, open: call } = gate()
  worker.task('stubborn', () => {
    call()
    return opened
  })
  await worker.start()
  offer('stubborn')
  await called
  await worker.stop({ pollGraceMs: 0 })
  const { attributes } = await spans.named('process stubborn')
  expect(attributes).toMatchObject({ 'avtomatika.task.status': 'failure', 'error.type': 'TRANSIENT_ERROR' })
  open()
})

test('a task of an unknown name has no name of its own in a span', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  await worker.start()
  offer('x'.repeat(1_000))
  await orchestrator.answered('result')
  await spans.named('settle _other')
  expect((await spans.named('process _other')).attributes['messaging.destination.name']).toBe('_other')
})

test('each request for a result is a span, also those that fail', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp({ variables: { RESULT_RETRY_INITIAL_DELAY: 0.01 } })
  let requests = 0
  orchestrator.answers('result', () =>
    ++requests === 1 ? { status: 503 } : { body: { status: 'result_accepted_success' } },
  )
  await worker.start()
  offer('echo')
  const first = await orchestrator.answered('result')
  const second = await orchestrator.answered('result')
  await spans.named('process echo')
  const settles = spans.all().filter(({ name }) => name === 'settle echo')
  expect(settles.map(({ attributes }) => attributes['error.type'])).toEqual(['503', undefined])
  expect(settles.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET])
  const sent = [first, second].map(({ headers }) => readTraceparent(headers['traceparent']).spanId)
  expect(sent).toEqual(settles.map((span) => span.spanContext().spanId))
})

test('a result that an earlier process left is delivered in the trace of its task', async () => {
  const spans = openTelemetry()
  const variables = { WORKER_STATE_DIR: temporaryFolder(), WORKER_SHUTDOWN_TIMEOUT: 0 }
  const first = await setUp({ variables })
  first.orchestrator.answers('result', { status: 503 })
  await first.worker.start()
  first.offer('echo')
  await first.orchestrator.answered('result')
  await first.worker.stop({ pollGraceMs: 0 })
  first.orchestrator.behaves('result')
  const second = testWorker({ url: first.orchestrator.url, variables })
  const delivered = nextEvent(second.worker, 'resultDelivered')
  await second.worker.start()
  await delivered
  const { headers, body } = first.orchestrator.calls('result').at(-1) ?? {}
  expect(body).not.toHaveProperty('trace')
  const settle = spans.all().findLast(({ name }) => name === 'settle echo')
  const process = await spans.named('process echo')
  expect(settle?.parentSpanContext?.spanId).toBe(process.spanContext().spanId)
  expect(readTraceparent(headers?.['traceparent'])).toEqual({
    traceId: CLIENT.traceId,
    spanId: settle?.spanContext().spanId,
  })
})

test('a short failure in place of a result that is too long continues the trace', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  worker.task('long', () => ({ text: 'x'.repeat(1_100_000) }))
  await worker.start()
  offer('long')
  const { headers, body } = await orchestrator.answered('result')
  expect(body.result.status).toBe('failure')
  const process = await spans.named('process long')
  const settles = spans.all().filter(({ name }) => name === 'settle long')
  expect(settles.map(({ attributes }) => attributes['error.type'])).toEqual(['PROTOCOL', undefined])
  expect(settles[1]?.parentSpanContext?.spanId).toBe(process.spanContext().spanId)
  expect(readTraceparent(headers['traceparent']).spanId).toBe(settles[1]?.spanContext().spanId)
})

test('the result of a task that does not run is in the trace of its job', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator, offer } = await setUp()
  await worker.start()
  await orchestrator.next('poll')
  const stopped = worker.stop()
  offer('echo')
  const { headers, body } = await orchestrator.answered('result')
  expect(body.result.error.code).toBe('TRANSIENT_ERROR')
  const settle = await spans.named('settle echo')
  expect(settle.parentSpanContext).toMatchObject(CLIENT)
  expect(readTraceparent(headers['traceparent']).traceId).toBe(CLIENT.traceId)
  expect(spans.all()).toHaveLength(1)
  await stopped
})

test('downloads and uploads are spans inside the span of the task', async () => {
  const spans = openTelemetry()
  const active: (string | undefined)[] = []
  const note = () => active.push(trace.getActiveSpan()?.spanContext().spanId)
  const objectStore: ObjectStore = {
    async *list() {},
    download: async (_from, path) => {
      note()
      writeFileSync(path, 'x')
      return { size: 1 }
    },
    upload: async () => {
      note()
      return { size: 1 }
    },
  }
  const { worker, orchestrator, offer } = await setUp({ objectStore })
  worker.task('copy', async (_params, { files }) => {
    note()
    await files.write('out.txt', 'x')
    return { data: { file: await files.pathTo('out.txt') } }
  })
  await worker.start()
  offer('copy', TRACED, { file: 's3://bucket/key', same: 's3://bucket/key' })
  const { body } = await orchestrator.answered('result')
  expect(body.result.status).toBe('success')
  const process = await spans.named('process copy')
  const fetch = await spans.named('fetch inputs')
  const push = await spans.named('push outputs')
  expect(active).toEqual([fetch, process, push].map((span) => span.spanContext().spanId))
  for (const span of [fetch, push]) {
    expect(span.kind).toBe(SpanKind.INTERNAL)
    expect(span.parentSpanContext?.spanId).toBe(process.spanContext().spanId)
    expect(span.attributes).toEqual({ 'avtomatika.stage.objects': 1 })
  }
})

test('a download that fails is a failed span', async () => {
  const spans = openTelemetry()
  const fail = async () => Promise.reject(new PermanentError('access denied'))
  const objectStore: ObjectStore = { async *list() {}, download: fail, upload: fail }
  const { worker, orchestrator, offer } = await setUp({ objectStore })
  await worker.start()
  offer('echo', TRACED, { file: 's3://bucket/key' })
  await orchestrator.answered('result')
  const { status, attributes } = await spans.named('fetch inputs')
  expect(status.code).toBe(SpanStatusCode.ERROR)
  expect(status.message).toContain('access denied')
  expect(attributes['error.type']).toBe('PERMANENT_ERROR')
})

test('code of the application that throws costs no task its result', async () => {
  const throwing = () => {
    throw new Error('the processor is broken')
  }
  openTelemetry({}, [
    { onStart: throwing, onEnd: throwing, forceFlush: async () => {}, shutdown: async () => {} },
  ])
  const { worker, orchestrator, offer, logged } = await setUp()
  await worker.start()
  offer('echo')
  const { body } = await orchestrator.answered('result')
  expect(body.result.status).toBe('success')
  offer('echo', TRACED, {}, 't2')
  expect((await orchestrator.answered('result')).body.task_id).toBe('t2')
  expect(orchestrator.calls('result')).toHaveLength(2)
  expect(logged('warn').map(({ msg }) => msg)).toEqual([
    'Span not made: OpenTelemetry threw an error. Tasks run without spans',
  ])
})
