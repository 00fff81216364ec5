import { TransientError } from 'avtomatika-worker'
import { expect, test, vi } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, holdTime, SECRET, testWorker } from '../../support/test-worker.js'

const setup = async (limits: Record<string, number> = {}) => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({
    url: orchestrator.url,
    maxConcurrentTasks: 8,
    taskTypeLimits: limits,
    skillDependencies: { paint: ['sd', 'clip'] },
    // So long that no poll's deadline comes while the clock is moved.
    variables: { TASK_POLL_TIMEOUT: 300, HEARTBEAT_INTERVAL: 15, WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0.1 },
  })
  return { orchestrator, ...made }
}

test('§1.3.4 one at each interval, and nothing between while nothing changes', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('echo', () => {})
  holdTime()
  await worker.start()
  for (let beats = 1; beats <= 3; beats++) {
    await orchestrator.answered('heartbeat')
    await vi.advanceTimersByTimeAsync(14_999)
    await orchestrator.fence()
    expect(orchestrator.calls('heartbeat')).toHaveLength(beats)
    await vi.advanceTimersByTimeAsync(1)
  }
})

test('§1.3.4 changes in a row are told together, §1.3.2 as load', async () => {
  const { orchestrator, worker } = await setup()
  const { opened, open } = gate()
  let started = 0
  const allStarted = gate()
  worker.task('hold', async () => {
    if (++started === 3) allStarted.open()
    await opened
  })
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  await orchestrator.next('poll')
  for (let i = 0; i < 3; i++) orchestrator.offer('hold')
  await allStarted.opened
  await orchestrator.fence()
  expect(orchestrator.calls('heartbeat')).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(100)
  const { body } = await orchestrator.answered('heartbeat')
  expect(body).toMatchObject({ load: 3, status: 'idle' })
  open()
  for (let i = 0; i < 3; i++) await orchestrator.answered('result')
  await vi.advanceTimersByTimeAsync(100)
  expect((await orchestrator.next('heartbeat')).body).toMatchObject({ load: 0 })
})

test('§1.3.4 a change that is undone within the delay is not told', async () => {
  const { orchestrator, worker } = await setup()
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  await orchestrator.next('poll')
  worker.addToHotCache('sd')
  worker.removeFromHotCache('sd')
  await vi.advanceTimersByTimeAsync(1_000)
  await orchestrator.fence()
  expect(orchestrator.calls('heartbeat')).toHaveLength(1)
})

test('§1.3.5 models that are loaded make skills hot, by the worker and by a handler', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('paint', (_params, { addToHotCache }) => addToHotCache('clip'))
  worker.addToHotCache('sd')
  await worker.start()
  const { body } = await orchestrator.next('heartbeat')
  expect(body).toMatchObject({ hot_cache: ['sd'], skill_dependencies: { paint: ['sd', 'clip'] } })
  expect(body).not.toHaveProperty('hot_skills')
  orchestrator.offer('paint')
  await orchestrator.next('heartbeat', (call) => call.body.hot_skills?.includes('paint'))
  worker.removeFromHotCache('sd')
  const cold = await orchestrator.next('heartbeat', (call) => call.body.hot_cache.length === 1)
  expect(cold.body).toMatchObject({ hot_cache: ['clip'] })
  expect(cold.body).not.toHaveProperty('hot_skills')
})

test('§1.3.3 a full type takes its names away, a full worker all of them', async () => {
  const { orchestrator, worker } = await setup({ gpu: 1 })
  const { opened, open } = gate()
  worker.task('paint', { taskType: 'gpu' }, () => opened)
  worker.task('echo', () => opened)
  await worker.start()
  orchestrator.offer('paint')
  const full = await orchestrator.next('heartbeat', (call) => call.body.load === 1)
  expect(full.body).toMatchObject({ status: 'idle', supported_tasks: ['echo'] })
  for (let i = 0; i < 7; i++) orchestrator.offer('echo')
  const busy = await orchestrator.next('heartbeat', (call) => call.body.load === 8)
  expect(busy.body).toMatchObject({ status: 'busy', supported_tasks: [] })
  open()
  await orchestrator.next('heartbeat', (call) => call.body.load === 0)
})

test('§1.3.7 one that fails is logged once, tried again, ever later, and polls go on', async () => {
  const { orchestrator, worker, logged } = await setup()
  worker.task('echo', () => {})
  orchestrator.answers('heartbeat', { status: 503, body: '<html>' })
  holdTime()
  await worker.start()
  for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    await orchestrator.answered('heartbeat')
    const before = orchestrator.calls('heartbeat').length
    await vi.advanceTimersByTimeAsync(pauseMs - 1)
    await orchestrator.fence()
    expect(orchestrator.calls('heartbeat')).toHaveLength(before)
    await vi.advanceTimersByTimeAsync(1)
  }
  orchestrator.behaves('heartbeat')
  orchestrator.offer('echo')
  await orchestrator.next('result')
  expect(logged('warn').map(({ msg }) => msg)).toEqual(['Heartbeat failed: the worker retries'])
})

test('§1.1.4 a token that is refused in mid-work is said clearly, and tried again at the interval', async () => {
  const { orchestrator, worker, logged, said } = await setup()
  orchestrator.answers('heartbeat', { status: 503 })
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  orchestrator.answers('heartbeat', { status: 401, body: { error: 'No valid token found' } })
  await vi.advanceTimersByTimeAsync(1_000)
  await orchestrator.answered('heartbeat')
  const line = await said('Token refused by the orchestrator')
  expect(line.err?.message).toBe('A heartbeat was answered 401: No valid token found')
  await vi.advanceTimersByTimeAsync(14_999)
  await orchestrator.fence()
  expect(orchestrator.calls('heartbeat')).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(1)
  await orchestrator.answered('heartbeat')
  expect(logged('error')).toHaveLength(1)
  expect(logged('warn')).toHaveLength(2)
  expect(JSON.stringify(logged())).not.toContain(SECRET)
})

test('§1.3.8 failures that will be dispatched again share the heartbeat that must go before them', async () => {
  const { orchestrator, worker } = await setup()
  const { opened, open } = gate()
  let started = 0
  const allStarted = gate()
  worker.task('fail', async () => {
    if (++started === 8) allStarted.open()
    await opened
    throw new TransientError('the API is down')
  })
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  for (let i = 0; i < 8; i++) orchestrator.offer('fail')
  await allStarted.opened
  await vi.advanceTimersByTimeAsync(100)
  await orchestrator.answered('heartbeat', ({ body }) => body.status === 'busy')
  const before = orchestrator.calls('heartbeat').length
  open()
  for (let i = 0; i < 8; i++) await orchestrator.next('result')
  const kinds = orchestrator.calls().map(({ kind }) => kind)
  expect(orchestrator.calls('heartbeat').length - before).toBeLessThanOrEqual(2)
  expect(orchestrator.calls('heartbeat').at(-1)?.body).toMatchObject({ status: 'idle', load: 0 })
  expect(kinds.lastIndexOf('heartbeat')).toBeLessThan(kinds.indexOf('result'))
})

test.each([
  ['OUT_OF_PAPER', true],
  ['TRANSIENT_ERROR', true],
  ['PERMANENT_ERROR', false],
  ['INVALID_INPUT_ERROR', false],
])('§1.5.6 §1.3.8 a failure with the code %s waits for a heartbeat: %s', async (code, waits) => {
  const { orchestrator, worker } = await setup()
  worker.task('fail', () => ({ status: 'failure', error: { code, message: 'no' } }))
  holdTime()
  await worker.start()
  await orchestrator.answered('heartbeat')
  // This one never learns of the change: what waits for a heartbeat waits for its answer.
  orchestrator.answers('heartbeat', 'hold')
  worker.addToHotCache('sd')
  orchestrator.offer('fail')
  if (waits) await orchestrator.next('heartbeat')
  else await orchestrator.next('result')
  await orchestrator.fence()
  expect(orchestrator.calls('result')).toHaveLength(waits ? 0 : 1)
  await vi.advanceTimersByTimeAsync(15_000)
  if (waits) expect((await orchestrator.next('result')).body.result.error.code).toBe(code)
})
