import { describe, expect, test, vi } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime, SECRET, testWorker } from '../../support/test-worker.js'

const setup = async () => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({
    url: orchestrator.url,
    maxConcurrentTasks: 4,
    // So long that no poll's deadline comes while the clock is moved.
    variables: { TASK_POLL_TIMEOUT: 300, HEARTBEAT_INTERVAL: 15, TASK_POLL_ERROR_DELAY: 5 },
  })
  made.worker.task('echo', (params) => ({ data: params }))
  return { orchestrator, ...made }
}

test('§1.2.1 §1.2.2 the worker says who it is, with its token, before anything else', async () => {
  const { orchestrator, worker } = await setup()
  await worker.start()
  const { body, headers, path } = await orchestrator.next('registration')
  expect(path).toBe('/_worker/workers/register')
  expect(headers).toMatchObject({ 'x-worker-token': SECRET, 'content-type': 'application/json' })
  expect(body).toMatchObject({
    worker_id: 'w1',
    supported_tasks: ['echo'],
    max_concurrent_tasks: 4,
    installed_software: { node: process.versions.node },
  })
  await orchestrator.next('heartbeat')
  expect(orchestrator.calls()[0]?.kind).toBe('registration')
})

test('§1.1.1 the URL may end in a path', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({ url: `${orchestrator.url}/behind/a/proxy/` })
  await worker.start()
  expect((await orchestrator.next('registration')).path).toBe('/behind/a/proxy/_worker/workers/register')
})

test('§1.2.5 a worker may start before its orchestrator', async () => {
  const { orchestrator, worker, said } = await setup()
  const { port } = orchestrator
  await orchestrator.close()
  holdTime()
  await worker.start()
  await said('Registration failed')
  expect(worker.readiness).toEqual({
    ready: false,
    reason: expect.stringMatching(/^not registered with http.*ECONNREFUSED/),
  })
  const late = await RawOrchestrator.start(port)
  await vi.advanceTimersByTimeAsync(1_000)
  await late.next('registration')
  late.offer('echo', { x: 1 })
  expect((await late.next('result')).body.result).toEqual({ status: 'success', data: { x: 1 } })
  expect(worker.readiness).toEqual({ ready: true })
})

test('§1.2.5 nothing else is sent before it is taken, and pauses grow up to 15 s', async () => {
  const { orchestrator, worker, logged } = await setup()
  orchestrator.answers('registration', { status: 500, body: '<h1>Internal Server Error</h1>' })
  holdTime()
  await worker.start()
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    const { closed } = await orchestrator.answered('registration')
    await vi.advanceTimersByTimeAsync(pauseMs - 1)
    await orchestrator.fence()
    expect(orchestrator.calls().at(-1)?.closed).toBe(closed)
    await vi.advanceTimersByTimeAsync(1)
  }
  await orchestrator.next('registration')
  expect(orchestrator.calls().every(({ kind }) => kind === 'registration')).toBe(true)
  expect(logged('warn').map(({ msg }) => msg)).toEqual(['Registration failed: the worker retries'])
})

describe.each([
  [401, 'No valid token found'],
  [403, 'Forbidden'],
])('§1.1.4 a token that is refused with %i', (status, reason) => {
  test('is said clearly and without the token, and tried again slowly', async () => {
    const { orchestrator, worker, logged, said } = await setup()
    orchestrator.answers('registration', { status, body: { error: reason } })
    holdTime()
    await worker.start()
    await orchestrator.answered('registration')
    const line = await said('Token refused by the orchestrator')
    expect(logged('error')).toHaveLength(1)
    expect(line.msg).toContain('check WORKER_TOKEN or WORKER_INDIVIDUAL_TOKEN')
    expect(line.err?.message).toBe(`The registration was answered ${status}: ${reason}`)
    expect(worker.readiness.reason).toBe(`not registered with ${orchestrator.url}: token refused (${status})`)

    await vi.advanceTimersByTimeAsync(14_999)
    await orchestrator.fence()
    expect(orchestrator.calls('registration')).toHaveLength(1)
    orchestrator.behaves('registration')
    await vi.advanceTimersByTimeAsync(1)
    await orchestrator.next('registration')
    await orchestrator.next('poll')
    expect(JSON.stringify(logged())).not.toContain(SECRET)
  })
})

test('§1.1.5 a registration that is refused with 429 waits as long as it is told', async () => {
  const { orchestrator, worker } = await setup()
  orchestrator.answers('registration', { status: 429, headers: { 'retry-after': '7' } })
  holdTime()
  await worker.start()
  await orchestrator.answered('registration')
  await vi.advanceTimersByTimeAsync(6_999)
  await orchestrator.fence()
  expect(orchestrator.calls('registration')).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(1)
  await orchestrator.next('registration')
})

describe('§1.3.6 a record that is gone', () => {
  const forgotten = { status: 404, body: { error: 'Worker not found' } }

  test('is made again at once, and work goes on', async () => {
    const { orchestrator, worker, logged } = await setup()
    holdTime()
    await worker.start()
    await orchestrator.answered('registration')
    await orchestrator.answered('heartbeat')
    const lost = nextEvent(worker, 'registrationLost')
    orchestrator.answers('heartbeat', () => {
      orchestrator.behaves('heartbeat')
      return forgotten
    })
    await vi.advanceTimersByTimeAsync(15_000)
    await orchestrator.next('registration')
    expect(await lost).toEqual({ orchestrator: orchestrator.url })
    await orchestrator.next('heartbeat')
    const { body } = await orchestrator.next('heartbeat')
    expect(body).toMatchObject({ status: 'idle', supported_tasks: ['echo'] })
    orchestrator.offer('echo')
    await orchestrator.next('result')
    expect(logged('warn').map(({ msg }) => msg)).toEqual([
      'Registration lost at the orchestrator: the worker registers again',
    ])
  })

  test('again and again is made again ever more slowly', async () => {
    const { orchestrator, worker } = await setup()
    orchestrator.answers('heartbeat', forgotten)
    holdTime()
    await worker.start()
    await orchestrator.next('registration')
    await orchestrator.next('registration')
    await orchestrator.answered('heartbeat')
    expect(orchestrator.calls('registration')).toHaveLength(2)
    for (const pauseMs of [1_000, 2_000, 4_000]) {
      await vi.advanceTimersByTimeAsync(pauseMs - 1)
      await orchestrator.fence()
      const before = orchestrator.calls('registration').length
      await vi.advanceTimersByTimeAsync(1)
      await orchestrator.answered('heartbeat')
      expect(orchestrator.calls('registration')).toHaveLength(before + 1)
    }
  })
})
