import { expect, test, vi } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime, testWorker } from '../../support/test-worker.js'
import { setup, task } from './setup.js'

const isEmpty = ({ body }: { readonly body: unknown }) => body === ''
const isSigned = ({ body }: { readonly body: unknown }) => body !== ''

/** Lets the heartbeats of `ms` go by, each answered. */
const letPass = async (orchestrator: RawOrchestrator, ms: number) => {
  for (let passed = 0; passed < ms; passed += 15_000) {
    await vi.advanceTimersByTimeAsync(15_000)
    await orchestrator.answered('heartbeat', isSigned)
  }
}

test('§2.4.9 a worker that was forgotten finds out, and registers again', async () => {
  const { orchestrator, worker } = await setup()
  const lost = nextEvent(worker, 'registrationLost')
  orchestrator.answers('heartbeat', ({ body }) => ({ body: body === '' ? null : { status: 'ok' } }))
  holdTime()
  await worker.start()
  await orchestrator.answered('registration')
  await orchestrator.answered('heartbeat')
  await letPass(orchestrator, 30_000)
  expect(orchestrator.calls('heartbeat').filter(isEmpty)).toEqual([])
  await vi.advanceTimersByTimeAsync(15_000)
  await lost
  await orchestrator.answered('registration')
  expect(orchestrator.calls('registration')).toHaveLength(2)
})

test('§2.4.9 §3.1.11 require_full_sync means the same', async () => {
  const { orchestrator, worker } = await setup()
  let asks = true
  orchestrator.answers('heartbeat', () => {
    const body = { status: 'ok', ...(asks && { require_full_sync: true }) }
    asks = false
    return { body }
  })
  await worker.start()
  await orchestrator.answered('registration')
  await orchestrator.answered('registration')
  expect(orchestrator.calls('registration')).toHaveLength(2)
})

test('§2.4.6 the answer to a heartbeat cancels the tasks of a job', async () => {
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 0.05 })
  worker.task(
    'wait',
    (_, { signal }) =>
      new Promise((_end, fail) => signal.addEventListener('abort', () => fail(signal.reason))),
  )
  orchestrator.answers('heartbeat', ({ body }) => ({
    body: { status: 'ok', cancel_task_ids: (body.current_tasks ?? []).filter((id: string) => id === 'j1') },
  }))
  await worker.start()
  orchestrator.endPoll(task({ type: 'wait' }))
  expect((await orchestrator.answered('result')).body).toMatchObject({ status: 'cancelled', task_id: 't1' })
})

test('§2.4.10 §3.1.7 429 is followed by 61 s of silence of that kind', async () => {
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 600 })
  orchestrator.answers('result', { status: 429, body: { error: '{"error": "Too Many Requests"}' } })
  const delivered = nextEvent(worker, 'resultDelivered')
  holdTime()
  await worker.start()
  orchestrator.endPoll(task())
  await orchestrator.answered('result')
  orchestrator.behaves('result')
  await vi.advanceTimersByTimeAsync(60_999)
  await orchestrator.fence()
  expect(orchestrator.calls('result')).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(await delivered).toMatchObject({ taskId: 't1' })
})

test('§2.4.10 nothing breaks that silence, not even polls that are answered again', async () => {
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 600 })
  orchestrator.answers('heartbeat', { status: 429, body: { error: '{"error": "Too Many Requests"}' } })
  orchestrator.answers('poll', 'reset')
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  await orchestrator.answered('poll')
  orchestrator.behaves('poll')
  orchestrator.endPoll(task())
  await vi.advanceTimersByTimeAsync(5_000)
  await orchestrator.answered('result')
  await vi.advanceTimersByTimeAsync(50_000)
  await orchestrator.fence()
  expect(orchestrator.calls('heartbeat')).toHaveLength(1)
  orchestrator.behaves('heartbeat')
  await vi.advanceTimersByTimeAsync(6_000)
  const { body } = await orchestrator.next('heartbeat', (call) => call.body !== '')
  expect(body).toMatchObject({ status: 'idle' })
})

test.each(['eu.1', 'ghost'])(
  '§2.4.3 §3.1.13 a worker id that this generation does not take is said clearly: %s',
  async (id) => {
    const { orchestrator, worker, said } = await setup({ WORKER_ID: id })
    await worker.start()
    const line = await said('Registration failed')
    expect(line.err?.message).toContain(`"${id}"`)
    expect(orchestrator.calls('registration')).toEqual([])
  },
)

test.each([
  ['§2.3.2 the header', { body: {}, headers: { 'x-rxon-version': '1.0b17' } }, 'supported_skills'],
  ['§2.3.3 no events', { status: 404, body: {} }, 'supported_tasks'],
  ['§2.3.3 events without the header', { status: 403, body: {} }, 'supported_skills'],
])('%s shows the generation', async (_, other, member) => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_PROTOCOL: 'auto' })
  orchestrator.answers('other', other)
  await worker.start()
  expect((await orchestrator.answered('registration')).body).toHaveProperty(member)
})

test('§2.3.5 an orchestrator that becomes one of the second generation is registered with again', async () => {
  const { orchestrator, worker } = await setup({ ORCHESTRATOR_PROTOCOL: 'auto', HEARTBEAT_INTERVAL: 0.05 })
  orchestrator.answers('other', { status: 404, body: {} })
  await worker.start()
  expect((await orchestrator.answered('registration')).body).toHaveProperty('supported_tasks')
  orchestrator.answers('other', { body: {}, headers: { 'x-rxon-version': '1.0b17' } })
  const refusal = { status: 403, body: { error: 'Missing required timestamp for replay protection' } }
  orchestrator.answers('heartbeat', ({ body }) => (body.timestamp ? { body: { status: 'ok' } } : refusal))
  expect((await orchestrator.answered('registration')).body).toHaveProperty('supported_skills')
})

test('§2.4.10 a worker that ends breaks no silence, either', async () => {
  const { orchestrator, worker } = await setup({ HEARTBEAT_INTERVAL: 600 })
  orchestrator.answers('heartbeat', { status: 429, body: { error: '{"error": "Too Many Requests"}' } })
  await worker.start()
  await orchestrator.answered('heartbeat')
  await worker.stop({ pollGraceMs: 0 })
  expect(orchestrator.calls('heartbeat')).toHaveLength(1)
})

test('§2.4.10 nor does one that goes over to another orchestrator', async () => {
  const first = await RawOrchestrator.start()
  const spare = await RawOrchestrator.start()
  const { worker } = testWorker({
    url: first.url,
    variables: {
      ORCHESTRATORS: [
        { url: first.url, priority: 1 },
        { url: spare.url, priority: 2 },
      ],
      ORCHESTRATOR_PROTOCOL: 'rxon',
      HEARTBEAT_INTERVAL: 600,
      TASK_POLL_ERROR_DELAY: 0.01,
    },
  })
  worker.task('echo', (params) => ({ data: params }))
  const changed = nextEvent(worker, 'orchestratorChanged')
  first.answers('heartbeat', { status: 429, body: { error: '{"error": "Too Many Requests"}' } })
  first.answers('poll', { status: 500 })
  await worker.start()
  await changed
  await spare.answered('heartbeat')
  expect(first.calls('heartbeat')).toHaveLength(1)
})
