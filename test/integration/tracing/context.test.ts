import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, SpanKind, trace } from '@opentelemetry/api'
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node'
import { expect, onTestFinished, test } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { openTelemetry, readTraceparent, traceparentOf } from '../../support/spans.js'
import { gate, testWorker } from '../../support/test-worker.js'
import { setup, task } from '../rxon/setup.js'

const traceOf = (n: number) => ({
  traceId: n.toString(16).padStart(32, 'a'),
  spanId: n.toString(16).padStart(16, 'b'),
})
const offerTo = (orchestrator: RawOrchestrator, type: string, n: number) =>
  orchestrator.endPoll({
    body: {
      job_id: `j${n}`,
      task_id: `t${n}`,
      type,
      params: { n },
      tracing_context: { traceparent: traceparentOf(traceOf(n)) },
    },
  })

test("spans of a handler are inside the span of its own task, and nobody else's", async () => {
  const spans = openTelemetry()
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url, maxConcurrentTasks: 8 })
  const outside: unknown[] = []
  const look = () => outside.push(trace.getActiveSpan())
  for (const name of ['taskStarted', 'taskFinished', 'resultDelivered'] as const) worker.on(name, look)
  worker.task('own', async ({ n }) => {
    const tracer = trace.getTracer('application')
    await new Promise(setImmediate)
    tracer.startSpan(`early ${n}`).end()
    await tracer.startActiveSpan(`late ${n}`, async (span) => {
      await new Promise(setImmediate)
      span.end()
    })
    // A task that leaves its context behind harms no other task.
    setImmediate(() => tracer.startSpan(`after ${n}`).end())
    return {}
  })
  const parent = trace.getTracer('application').startSpan('start of the application')
  await context.with(trace.setSpan(context.active(), parent), () => worker.start())
  const TASKS = 40
  for (let n = 1; n <= TASKS; n++) offerTo(orchestrator, 'own', n)
  for (let n = 1; n <= TASKS; n++) await orchestrator.answered('result')
  for (let n = 1; n <= TASKS; n++) {
    const own = spans.all().filter((span) => span.spanContext().traceId === traceOf(n).traceId)
    const process = own.find(({ name }) => name === 'process own')
    for (const name of [`early ${n}`, `late ${n}`, `after ${n}`]) {
      const span = await spans.named(name)
      expect(span.spanContext().traceId).toBe(traceOf(n).traceId)
      expect(span.parentSpanContext?.spanId).toBe(process?.spanContext().spanId)
    }
  }
  expect(outside.length).toBeGreaterThanOrEqual(3 * TASKS)
  // Listeners find what was active when the application started its worker.
  expect(new Set(outside)).toEqual(new Set([parent]))
})

/** A server that keeps the headers of the requests that it gets. */
const server = async () => {
  const seen: IncomingMessage['headers'][] = []
  const listening = createServer((request, response) => {
    seen.push(request.headers)
    response.end('x')
  }).listen(0, '127.0.0.1')
  await once(listening, 'listening')
  onTestFinished(() => {
    listening.closeAllConnections()
    listening.close()
  })
  return { seen, url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}` }
}

test('requests of a handler are spans inside of it; polls, heartbeats and registrations are none', async () => {
  const spans = openTelemetry()
  const instrumentation = new UndiciInstrumentation()
  onTestFinished(() => instrumentation.disable())
  const { url, seen } = await server()
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: orchestrator.url })
  worker.task('ask', async () => ({ data: { answer: await (await fetch(url)).text() } }))
  await worker.start()
  offerTo(orchestrator, 'ask', 1)
  const { headers } = await orchestrator.answered('result')
  const { opened, open } = gate()
  orchestrator.onCall = ({ kind }) => kind === 'heartbeat' && open()
  worker.addToHotCache('model')
  await opened
  const settle = await spans.named('settle ask')
  const process = await spans.named('process ask')
  const get = spans.all().find(({ name }) => name === 'GET')
  expect(spans.all().map(({ name }) => name)).toEqual(['GET', 'process ask', 'settle ask'])
  expect(get?.kind).toBe(SpanKind.CLIENT)
  expect(get?.parentSpanContext?.spanId).toBe(process.spanContext().spanId)
  expect(readTraceparent(seen[0]?.['traceparent']).spanId).toBe(get?.spanContext().spanId)
  // One header, and the right one.
  expect(readTraceparent(headers['traceparent']).spanId).toBe(settle.spanContext().spanId)
  for (const kind of ['poll', 'heartbeat', 'registration'] as const) {
    expect(orchestrator.calls(kind).length).toBeGreaterThan(0)
    for (const call of orchestrator.calls(kind)) expect(call.headers).not.toHaveProperty('traceparent')
  }
})

test('§2.5.9 a task without a trace continues the trace of the poll that brought it', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator } = await setup()
  await worker.start()
  const poll = await orchestrator.next('poll')
  orchestrator.endPoll(task())
  const result = await orchestrator.answered('result')
  const process = await spans.named('process echo')
  const settle = await spans.named('settle echo')
  const sent = readTraceparent(poll.headers['traceparent'])
  expect(process.parentSpanContext).toMatchObject(sent)
  expect(settle.spanContext().traceId).toBe(sent.traceId)
  expect(readTraceparent(result.headers['traceparent'])).toMatchObject({
    traceId: sent.traceId,
    spanId: settle.spanContext().spanId,
  })
  // Polls that bring nothing leave no span, and each has a trace of its own.
  const next = await orchestrator.next('poll')
  expect(readTraceparent(next.headers['traceparent']).traceId).not.toBe(sent.traceId)
  orchestrator.endPoll()
  await next.closed
  expect(spans.all().map(({ name }) => name)).toEqual(['process echo', 'settle echo'])
})

test('§2.5.9 a task with a trace does not', async () => {
  const spans = openTelemetry()
  const { worker, orchestrator } = await setup()
  await worker.start()
  orchestrator.endPoll(task({ tracing_context: { traceparent: traceparentOf(traceOf(7)) } }))
  await orchestrator.answered('result')
  expect((await spans.named('process echo')).parentSpanContext).toMatchObject(traceOf(7))
})

test('the sampler of the application decides about tasks without a trace', async () => {
  const spans = openTelemetry({ sampler: new AlwaysOffSampler() })
  const { worker, orchestrator } = await setup()
  await worker.start()
  const poll = await orchestrator.next('poll')
  orchestrator.endPoll(task())
  const { headers, body } = await orchestrator.answered('result')
  expect(body.status).toBe('success')
  expect(poll.headers['traceparent']).toMatch(/-00$/)
  expect(headers['traceparent']).toMatch(/-00$/)
  expect(spans.all()).toEqual([])
})
