import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { signatureOf } from '../../support/interop/rxon-signing.js'
import { nextEvent } from '../../support/next-event.js'
import type { Call } from '../../support/raw-orchestrator.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime, SECRET, testWorker } from '../../support/test-worker.js'
import { setup, task } from './setup.js'

const hasBody = ({ body }: Call) => body !== ''

test('§2.1.1 §2.1.4 every message with a body is stamped, fresh, and signed by the token', async () => {
  const { orchestrator, worker } = await setup()
  orchestrator.answers('other', { body: { status: 'event_accepted' } })
  worker.task('tell', (_, { emit }) => emit('note', { text: 'half' }))
  await worker.start()
  orchestrator.endPoll(task({ type: 'tell' }))
  const messages = [
    await orchestrator.answered('registration'),
    await orchestrator.answered('heartbeat', hasBody),
    await orchestrator.answered('other'),
    await orchestrator.answered('result'),
  ]
  for (const { body } of messages) {
    expect(body).toMatchObject({ worker_id: 'w1', security: { signer_id: 'w1' } })
    expect(Number.isInteger(body.timestamp)).toBe(true)
    const { security, bubbling_chain: _, ...signed } = body
    expect(security.signature).toBe(signatureOf(JSON.stringify(signed), SECRET))
  }
  // The nonce of an event is its id.
  const nonces = messages.map(({ body }) => body.nonce ?? body.event_id)
  expect(new Set(nonces).size).toBe(messages.length)
})

test('§2.1.2 the time is that of the orchestrator', async () => {
  const { orchestrator, worker } = await setup()
  const aheadMs = 3_600_000
  orchestrator.answers('registration', () => ({
    body: { status: 'registered' },
    headers: { date: new Date(Date.now() + aheadMs).toUTCString() },
  }))
  await worker.start()
  await orchestrator.answered('registration')
  const { body } = await orchestrator.answered('heartbeat', hasBody)
  expect(Math.abs(body.timestamp - (Date.now() + aheadMs) / 1_000)).toBeLessThan(30)
})

test('§2.3.1 each orchestrator has its own generation, and only one that is to be found out is asked', async () => {
  const [classic, rxon] = [await RawOrchestrator.start(), await RawOrchestrator.start()]
  const { worker } = testWorker({
    url: classic.url,
    variables: {
      ORCHESTRATOR_PROTOCOL: 'auto',
      MULTI_ORCHESTRATOR_MODE: 'ROUND_ROBIN',
      ORCHESTRATORS: [
        { url: classic.url, protocol: 'classic' },
        { url: rxon.url, protocol: 'rxon' },
      ],
    },
  })
  worker.task('echo', () => ({}))
  await worker.start()
  expect((await classic.answered('registration')).body).toHaveProperty('supported_tasks')
  expect((await rxon.answered('registration')).body).toHaveProperty('supported_skills')
  expect([...classic.calls('other'), ...rxon.calls('other')]).toEqual([])
})

test('§2.3.6 what does not show its generation counts as away, and is asked again', async () => {
  const { orchestrator, worker, said } = await setup({ ORCHESTRATOR_PROTOCOL: 'auto' })
  orchestrator.answers('other', { status: 503, body: 'starting' })
  await worker.start()
  const line = await said('Registration failed')
  expect(line.err?.message).toContain('Protocol detection failed: GET /_public/status returned 503')
  expect(orchestrator.calls('registration')).toEqual([])
  orchestrator.answers('other', { status: 403, body: { error: 'Missing required timestamp' } })
  expect((await orchestrator.answered('registration')).body).toHaveProperty('supported_skills')
})

test('§2.4.1 §2.4.2 §2.4.4 the record says what the worker is, and a heartbeat stands for it by the hash', async () => {
  const { orchestrator, worker } = await setup({
    CPU_CORES: 4,
    RAM_GB: 16,
    GPU_MODEL: 'T4',
    GPU_VRAM_GB: 16,
    INSTALLED_SOFTWARE: { node: '20' },
    INSTALLED_MODELS: [{ name: 'whisper', version: '3' }],
    COST_PER_SKILL: { 'resize-1': 0.5 },
  })
  const schemas = {
    params: z.object({ width: z.number() }),
    result: z.object({ height: z.number() }),
    events: { note: z.object({ text: z.string() }) },
  }
  worker.task('resize-1', { ...schemas, description: 'Resizes.', version: '1.2' }, () => ({ height: 1 }))
  await worker.start()
  const { body: record } = await orchestrator.answered('registration')
  expect(record).toMatchObject({
    worker_id: 'w1',
    resources: { properties: { cpu_cores: 4, ram_gb: 16 }, devices: [{ type: 'gpu', model: 'T4' }] },
    installed_software: { node: '20' },
    installed_artifacts: [{ name: 'whisper', version: '3' }],
    capabilities: { cost_per_skill: { 'resize-1': 0.5 } },
    skills_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  const object = expect.objectContaining({ type: 'object' })
  expect(record.supported_skills).toContainEqual({
    name: 'resize-1',
    type: 'resize-1',
    description: 'Resizes.',
    version: '1.2',
    input_schema: object,
    output_schema: object,
    events_schema: { note: object },
  })
  const { body: heartbeat } = await orchestrator.answered('heartbeat', hasBody)
  expect(heartbeat.skills_hash).toBe(record.skills_hash)
  expect(heartbeat).not.toHaveProperty('supported_skills')
  expect(() => worker.task('resize image', () => ({}))).toThrow()
})

test('§2.4.7 each heartbeat says whether there is a socket', async () => {
  const { orchestrator, worker } = await setup({ WORKER_ENABLE_WEBSOCKETS: true })
  await worker.start()
  const { body } = await orchestrator.answered('heartbeat', hasBody)
  expect(body.capabilities).toMatchObject({ websockets: true, hostname: expect.any(String) })
})

test('§2.4.8 hot skills are told at once, tasks in hand with the next interval', async () => {
  const { orchestrator, worker } = await setup(
    { HEARTBEAT_INTERVAL: 600 },
    { skillDependencies: { hold: ['m'] } },
  )
  const started = nextEvent(worker, 'taskStarted')
  worker.task(
    'hold',
    (_, { signal }) => new Promise((end) => signal.addEventListener('abort', () => end({}))),
  )
  await worker.start()
  await orchestrator.answered('heartbeat', hasBody)
  orchestrator.endPoll(task({ type: 'hold' }))
  await started
  await orchestrator.fence()
  expect(orchestrator.calls('heartbeat').filter(hasBody)).toHaveLength(1)
  worker.addToHotCache('m')
  const { body } = await orchestrator.answered('heartbeat', hasBody)
  expect(body).toMatchObject({ current_tasks: ['t1', 'j1'] })
})

test('§2.5.1 §2.5.5 a handler is told what the task says, however old it is', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('look', (_, { priority, paramsMetadata, metadata, security, step, depth, deadline }) => ({
    data: { priority, paramsMetadata, metadata, security, step, depth, deadline: deadline ?? 'none' },
  }))
  await worker.start()
  const members = {
    type: 'look',
    timestamp: 1_000_000_000,
    priority: 2.5,
    params_metadata: { x: { uri: 's3://b/k', size: 5 } },
    metadata: { tenant: 't' },
    security: { by: 'client' },
    step: 3,
    depth: 1,
  }
  orchestrator.endPoll(task(members))
  expect((await orchestrator.answered('result')).body.data).toEqual({
    priority: 2.5,
    paramsMetadata: { x: { uri: 's3://b/k', size: 5 } },
    metadata: { tenant: 't' },
    security: { by: 'client' },
    step: 3,
    depth: 1,
    deadline: 'none',
  })
})

test('§2.5.8 §3.1.18 a poll that is held for a minute is waited for, and brings its task', async () => {
  const { orchestrator, worker } = await setup({ TASK_POLL_TIMEOUT: 30, HEARTBEAT_INTERVAL: 600 })
  holdTime()
  await worker.start()
  await orchestrator.next('poll')
  await orchestrator.answered('heartbeat', hasBody)
  await vi.advanceTimersByTimeAsync(59_000)
  await orchestrator.fence()
  expect(orchestrator.calls('poll')).toHaveLength(1)
  orchestrator.endPoll(task())
  expect((await orchestrator.answered('result')).body).toMatchObject({ status: 'success' })
})
