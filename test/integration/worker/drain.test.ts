import { describe, expect, test, vi } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { gate, holdTime, testWorker } from '../../support/test-worker.js'

const setup = async (variables: Record<string, number | boolean> = {}) => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({
    url: orchestrator.url,
    maxConcurrentTasks: 4,
    taskTypeLimits: { gpu: 1 },
    variables: { WORKER_SHUTDOWN_TIMEOUT: 35, HEARTBEAT_INTERVAL: 600, ...variables },
  })
  const running = gate()
  const entered = gate()
  made.worker.task('echo', (params) => ({ data: params }))
  made.worker.task('paint', { taskType: 'gpu' }, async () => {
    entered.open()
    await running.opened
    return { data: { done: true } }
  })
  return { orchestrator, ...made, entered: entered.opened, release: running.open }
}

const handedBack = { status: 'failure', error: { code: 'TRANSIENT_ERROR', message: expect.any(String) } }

test('§1.7.1 §1.7.2 says busy first, lets open polls end, hands back what they bring', async () => {
  const { orchestrator, worker } = await setup()
  const back = nextEvent(worker, 'taskHandedBack')
  await worker.start()
  await orchestrator.answered('heartbeat')
  const { closed } = await orchestrator.next('poll')
  const stopped = worker.stop()
  expect(worker.state).toBe('draining')
  expect(worker.readiness).toEqual({ ready: false, reason: 'the worker is draining' })
  const { body } = await orchestrator.answered('heartbeat')
  expect(body).toMatchObject({ load: 0, status: 'busy', supported_tasks: [] })
  expect(orchestrator.openPolls).toBe(1)
  orchestrator.offer('echo', { x: 1 }, 'late')
  await closed
  expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'late', result: handedBack })
  await stopped
  expect(await back).toMatchObject({ taskId: 'late', taskName: 'echo' })
  expect(worker.state).toBe('stopped')
  expect(orchestrator.calls('poll')).toHaveLength(1)
})

test('§1.7.2 a poll that comes back empty is the last one', async () => {
  const { orchestrator, worker } = await setup()
  await worker.start()
  await orchestrator.next('poll')
  const stopped = worker.stop()
  orchestrator.endPoll()
  await stopped
  expect(orchestrator.calls('poll')).toHaveLength(1)
})

test('§1.7.2 running handlers finish, what waits for a slot is handed back at once', async () => {
  const { orchestrator, worker, entered, release } = await setup()
  await worker.start()
  orchestrator.offer('paint', {}, 'running')
  orchestrator.offer('paint', {}, 'waiting')
  await entered
  await orchestrator.next('heartbeat', ({ body }) => body.load === 2)
  const stopped = worker.stop()
  expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'waiting', result: handedBack })
  while (orchestrator.openPolls > 0) {
    orchestrator.endPoll()
    await orchestrator.fence()
  }
  expect(worker.state).toBe('draining')
  release()
  expect((await orchestrator.next('result')).body).toMatchObject({
    task_id: 'running',
    result: { status: 'success', data: { done: true } },
  })
  await stopped
})

describe('§1.7.5 a worker whose poll is held', () => {
  const idle = async (variables: Record<string, number | boolean> = {}) => {
    const made = await setup(variables)
    holdTime()
    await made.worker.start()
    await made.orchestrator.answered('heartbeat')
    await made.orchestrator.next('poll')
    return made
  }

  const passes = async (orchestrator: RawOrchestrator, ms: number) => {
    await vi.advanceTimersByTimeAsync(ms)
    await orchestrator.fence()
  }

  test('ends a second after the orchestrator knows that it takes no tasks', async () => {
    const { orchestrator, worker } = await idle()
    const stopped = worker.stop()
    await orchestrator.answered('heartbeat', ({ body }) => body.status === 'busy')
    await passes(orchestrator, 999)
    expect(worker.state).toBe('draining')
    expect(orchestrator.openPolls).toBe(1)
    await passes(orchestrator, 1)
    await stopped
  })

  test('keeps the poll while a handler runs', async () => {
    const { orchestrator, worker } = await setup()
    let end = () => {}
    worker.task('long', () => new Promise<void>((resolve) => (end = resolve)))
    const started = nextEvent(worker, 'taskStarted')
    holdTime()
    await worker.start()
    await orchestrator.answered('heartbeat')
    orchestrator.offer('long', {}, 'running')
    await started
    await orchestrator.fence()
    const { openPolls } = orchestrator
    const stopped = worker.stop()
    await orchestrator.answered('heartbeat', ({ body }) => body.status === 'busy')
    await passes(orchestrator, 5_000)
    expect([worker.state, orchestrator.openPolls]).toEqual(['draining', openPolls])
    end()
    await stopped
    expect(orchestrator.openPolls).toBe(0)
  })

  test('hands back a task that is on its way in that second', async () => {
    const { orchestrator, worker } = await idle()
    const stopped = worker.stop()
    await orchestrator.answered('heartbeat', ({ body }) => body.status === 'busy')
    await passes(orchestrator, 900)
    orchestrator.offer('echo', {}, 'late')
    expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'late', result: handedBack })
    await stopped
  })

  test.each([
    ['without a journal', { WORKER_JOURNAL: false }],
    ['with WORKER_POLL_FENCE=off', { WORKER_POLL_FENCE: false }],
  ])('waits for the end of the poll %s', async (_, variables) => {
    const { orchestrator, worker } = await idle(variables)
    const stopped = worker.stop()
    await orchestrator.answered('heartbeat', ({ body }) => body.status === 'busy')
    await passes(orchestrator, 30_000)
    expect(worker.state).toBe('draining')
    orchestrator.endPoll()
    await stopped
  })

  test('waits for the end of the poll if nobody answers the heartbeat', async () => {
    const { orchestrator, worker } = await idle()
    orchestrator.answers('heartbeat', { status: 503 })
    const stopped = worker.stop()
    await orchestrator.answered('heartbeat', ({ body }) => body.status === 'busy')
    await passes(orchestrator, 20_000)
    expect(worker.state).toBe('draining')
    expect(orchestrator.openPolls).toBe(1)
    orchestrator.endPoll()
    await stopped
  })
})

describe('§1.7.3 a handler that still runs at WORKER_SHUTDOWN_TIMEOUT', () => {
  test('is aborted; one that listens ends by itself', async () => {
    const { orchestrator, worker } = await setup()
    const entered = gate()
    let reason: unknown
    worker.task('listens', async (_params, { signal }) => {
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
      entered.open()
      await aborted
      reason = signal.reason
      signal.throwIfAborted()
    })
    holdTime()
    await worker.start()
    orchestrator.offer('listens', {}, 'long')
    await entered.opened
    const stopped = worker.stop({ pollGraceMs: 0 })
    await vi.advanceTimersByTimeAsync(34_999)
    expect(reason).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(reason).toMatchObject({ name: 'ShutdownError', code: 'TRANSIENT_ERROR' })
    expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'long', result: handedBack })
    await stopped
  })

  test('is given up half a second later; its late result is dropped', async () => {
    const { orchestrator, worker, entered, release, logged, said } = await setup()
    holdTime()
    await worker.start()
    orchestrator.offer('paint', {}, 'deaf')
    await entered
    const stopped = worker.stop({ pollGraceMs: 0 })
    await vi.advanceTimersByTimeAsync(35_500)
    expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'deaf', result: handedBack })
    await stopped
    expect(logged('error').map(({ msg, taskId }) => [taskId, msg])).toEqual([
      ['deaf', 'Handler did not end in time: its task was given up'],
    ])
    release()
    await said('its result is dropped')
    await orchestrator.fence()
    expect(orchestrator.calls('result')).toHaveLength(1)
  })

  test('and results that no one takes delay the end by a second and a half, no more', async () => {
    const { orchestrator, worker, entered } = await setup()
    orchestrator.answers('result', { status: 503 })
    holdTime()
    await worker.start()
    orchestrator.offer('paint', {}, 'deaf')
    await entered
    const stopped = worker.stop({ pollGraceMs: 0 })
    await vi.advanceTimersByTimeAsync(35_500)
    await orchestrator.next('result')
    await vi.advanceTimersByTimeAsync(1_100)
    // Without more time than that.
    await stopped
  })
})

test('§1.4.3 pollGraceMs calls open polls off, and the worker ends without them', async () => {
  const { orchestrator, worker } = await setup()
  holdTime()
  await worker.start()
  const { closed } = await orchestrator.next('poll')
  await orchestrator.answered('heartbeat')
  const stopped = worker.stop({ pollGraceMs: 500 })
  await orchestrator.answered('heartbeat')
  await vi.advanceTimersByTimeAsync(499)
  await orchestrator.fence()
  expect(orchestrator.openPolls).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  await closed
  await stopped
})

test('§1.7.4 results that no one takes are waited for until the timeout, then told to the log', async () => {
  const { orchestrator, worker, logged } = await setup()
  orchestrator.answers('result', { status: 503 })
  holdTime()
  await worker.start()
  orchestrator.offer('echo', {}, 'stuck')
  await orchestrator.answered('result')
  let over = false
  const stopped = worker.stop({ pollGraceMs: 0 }).then(() => {
    over = true
  })
  for (let seconds = 0; seconds < 34; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000)
    await orchestrator.fence()
  }
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1_100)
  await stopped
  expect(logged('error').map(({ msg, taskId }) => [taskId, msg])).toContainEqual([
    'stuck',
    'Result not delivered before the worker ended: the journal keeps it for the next start',
  ])
  expect(vi.getTimerCount()).toBe(0)
})

test.each([503, 401])('§1.7.4 a result that waits for its retry after %i is tried again', async (status) => {
  const { orchestrator, worker } = await setup({ RESULT_RETRY_INITIAL_DELAY: 3_600 })
  orchestrator.answers('result', { status })
  const delivered = nextEvent(worker, 'resultDelivered')
  await worker.start()
  orchestrator.offer('echo', {}, 'late')
  await orchestrator.answered('result')
  await orchestrator.fence()
  orchestrator.behaves('result')
  await worker.stop({ pollGraceMs: 0 })
  expect(await delivered).toMatchObject({ taskId: 'late' })
})

test.each(['hold', 'reset'] as const)(
  'nothing is tried any more after the end, though a result met "%s"',
  async (reply) => {
    const { orchestrator, worker } = await setup({ WORKER_SHUTDOWN_TIMEOUT: 0 })
    orchestrator.answers('result', reply)
    await worker.start()
    orchestrator.offer('echo', {}, 'stuck')
    await orchestrator.next('result')
    holdTime()
    const stopped = worker.stop({ pollGraceMs: 0 })
    for (let i = 0; i < 5; i++) {
      await vi.advanceTimersByTimeAsync(500)
      await orchestrator.fence()
    }
    await stopped
    await orchestrator.fence()
    expect(vi.getTimerCount()).toBe(0)
    const calls = orchestrator.calls().length
    await vi.advanceTimersByTimeAsync(600_000)
    await orchestrator.fence()
    expect(orchestrator.calls()).toHaveLength(calls)
  },
)

test('a worker that is not registered yet ends at once', async () => {
  const { orchestrator, worker } = await setup()
  orchestrator.answers('registration', { status: 503 })
  holdTime()
  await worker.start()
  await orchestrator.answered('registration')
  await worker.stop()
  expect(vi.getTimerCount()).toBe(0)
  await vi.advanceTimersByTimeAsync(60_000)
  await orchestrator.fence()
  expect(orchestrator.calls()).toHaveLength(1)
})
