import { trace } from '@opentelemetry/api'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { isDone } from '../support/interop/client-api.js'
import {
  checkEnvironment,
  mayNotSkip,
  startPublished,
  startWithTelemetry,
} from '../support/interop/each-orchestrator.js'
import { orchestratorSpan } from '../support/interop/orchestrator-spans.js'
import type {
  OrchestratorOptions,
  OrchestratorUnderTest,
} from '../support/interop/orchestrator-under-test.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'
import { openTelemetry, traceparentOf } from '../support/spans.js'

/** Lets a client with a trace create a job, and a worker do its task. */
const doOneJob = async (
  start: (options: OrchestratorOptions) => Promise<OrchestratorUnderTest>,
  spans: NonNullable<OrchestratorOptions['spans']>,
) => {
  const own = openTelemetry()
  const orchestrator = await start({ spans, pollHoldMs: 5_000 })
  const { secretKey } = orchestrator
  const worker = workerFor(orchestrator, {
    id: 'traced',
    variables: { HEARTBEAT_INTERVAL: 30, ...(secretKey !== '' && { ORCHESTRATOR_SECRET_KEY: secretKey }) },
  })
  onTestFinished(async () => {
    await worker.stop({ pollGraceMs: 0 })
    await orchestrator.stop()
  })
  worker.task('work', () => ({ data: { done: true } }))
  await startedFor(orchestrator, worker, 'work')
  const client = trace.getTracer('client').startSpan('create job')
  const traceparent = traceparentOf(client.spanContext())
  const id = await orchestrator.client.createJob({ type: 'work', traceparent })
  client.end()
  await orchestrator.client.waitForJob(id, isDone)
  const process = await own.named('process work')
  const settle = await own.named('settle work')
  expect(own.all().map(({ name }) => name)).toEqual(['create job', 'process work', 'settle work'])
  expect(settle.parentSpanContext?.spanId).toBe(process.spanContext().spanId)
  return {
    orchestrator,
    process,
    client: client.spanContext(),
    task: process.spanContext(),
    settle: settle.spanContext(),
  }
}

beforeEach(async ({ skip }) => {
  const missing = await checkEnvironment()
  if (!mayNotSkip()) skip(missing !== undefined, missing)
})

describe('1.0b8', () => {
  const start = (options: OrchestratorOptions) => startPublished('1.0b8', options)

  test('§1.5.15 continues the trace of the task after its result', async () => {
    const { orchestrator, client, task, settle } = await doOneJob(start, 'as published')
    const before = await orchestratorSpan(orchestrator, /^JobExecutor:one_task:start$/, () => true)
    const after = await orchestratorSpan(orchestrator, /^JobExecutor:one_task:done$/, () => true)
    expect(after).toMatchObject({ traceId: task.traceId, parentId: settle.spanId })
    // It does not tell the trace of the client.
    expect(before.traceId).toBe(client.traceId)
    expect(task.traceId).not.toBe(client.traceId)
  })

  test('that tells the trace of the job has one trace from the client to the step after the result', async () => {
    const { orchestrator, client, process, settle } = await doOneJob(start, 'repaired')
    const before = await orchestratorSpan(orchestrator, /^JobExecutor:one_task:start$/, () => true)
    const after = await orchestratorSpan(orchestrator, /^JobExecutor:one_task:done$/, () => true)
    expect(before).toMatchObject({ traceId: client.traceId, parentId: client.spanId })
    expect(process.parentSpanContext).toMatchObject({ traceId: client.traceId, spanId: before.spanId })
    expect(settle.traceId).toBe(client.traceId)
    expect(after).toMatchObject({ traceId: client.traceId, parentId: settle.spanId })
  })
})

describe('1.0b30 with its telemetry extra', () => {
  test('§1.5.15 §2.5.9 joins the poll that brought a task and its result with the task', async () => {
    const { orchestrator, process, task, settle } = await doOneJob(startWithTelemetry, 'as published')
    const ofTask = ({ traceId }: { readonly traceId: string }) => traceId === task.traceId
    const poll = await orchestratorSpan(orchestrator, /^HTTP:GET:.*\/tasks\/next$/, ofTask)
    const result = await orchestratorSpan(orchestrator, /^HTTP:POST:.*\/tasks\/result$/, ofTask)
    expect(poll.parentId).toBe(process.parentSpanContext?.spanId)
    expect(result.parentId).toBe(settle.spanId)
    expect(settle.traceId).toBe(task.traceId)
  })

  test('that tells the trace of the job has one trace from the client to the result', async () => {
    const { orchestrator, client, process, settle } = await doOneJob(startWithTelemetry, 'repaired')
    expect(process.parentSpanContext?.traceId).toBe(client.traceId)
    const ofClient = ({ traceId }: { readonly traceId: string }) => traceId === client.traceId
    const result = await orchestratorSpan(orchestrator, /^HTTP:POST:.*\/tasks\/result$/, ofClient)
    expect(result.parentId).toBe(settle.spanId)
  })
})
