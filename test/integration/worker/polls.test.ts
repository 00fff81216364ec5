import { describe, expect, test, vi } from 'vitest'
import { pass } from '../../support/chaos/virtual-time.js'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { expectPauses, gate, holdTime, testWorker } from '../../support/test-worker.js'

const setup = async (maxConcurrentTasks = 8) => {
  const orchestrator = await RawOrchestrator.start()
  const made = testWorker({
    url: orchestrator.url,
    maxConcurrentTasks,
    // With a journal the first poll leaves a moment later than the first heartbeat, whose answer then ends a pause.
    variables: {
      TASK_POLL_TIMEOUT: 30,
      TASK_POLL_ERROR_DELAY: 5,
      HEARTBEAT_INTERVAL: 600,
      WORKER_JOURNAL: false,
    },
  })
  const held = gate()
  made.worker.task('echo', (params) => ({ data: params }))
  made.worker.task('hold', () => held.opened)
  return { orchestrator, ...made, release: held.open }
}

describe('§1.4.4 how many polls are open', () => {
  test('one while nothing comes, and the next one when it has come back empty', async () => {
    const { orchestrator, worker } = await setup()
    holdTime()
    await worker.start()
    for (let polls = 1; polls <= 3; polls++) {
      await orchestrator.next('poll')
      await pass(30_000)
      await orchestrator.fence()
      expect(orchestrator.calls('poll')).toHaveLength(polls)
      orchestrator.endPoll()
      await orchestrator.fence()
      await vi.advanceTimersByTimeAsync(10)
    }
    expect(orchestrator.mostPolls).toBe(1)
  })

  test('more while tasks come at once, one again when there are none left', async () => {
    const { orchestrator, worker } = await setup()
    for (let i = 0; i < 40; i++) orchestrator.offer('echo', { i })
    await worker.start()
    for (let i = 0; i < 40; i++) await orchestrator.next('result')
    await orchestrator.fence()
    expect(orchestrator.mostPolls).toBeGreaterThan(3)
    expect(orchestrator.mostPolls).toBeLessThanOrEqual(8)
    holdTime()
    while (orchestrator.openPolls > 0) {
      orchestrator.endPoll()
      await orchestrator.fence()
    }
    await vi.advanceTimersByTimeAsync(1_000)
    await orchestrator.fence()
    expect(orchestrator.openPolls).toBe(1)
  })

  test('never more than free slots, and none without one', async () => {
    const { orchestrator, worker, release } = await setup(4)
    let running = 0
    worker.on('taskStarted', () => {
      running++
      expect(running).toBeLessThanOrEqual(4)
    })
    worker.on('taskFinished', () => running--)
    for (let i = 0; i < 3; i++) orchestrator.offer('hold')
    await worker.start()
    await orchestrator.next('heartbeat', ({ body }) => body.load === 3)
    await orchestrator.fence()
    expect(orchestrator.openPolls).toBe(1)
    orchestrator.offer('hold')
    await orchestrator.next('heartbeat', ({ body }) => body.load === 4)
    await orchestrator.fence()
    expect(orchestrator.openPolls).toBe(0)
    for (let i = 0; i < 20; i++) orchestrator.offer('echo')
    release()
    for (let i = 0; i < 24; i++) await orchestrator.next('result')
    expect(orchestrator.mostPolls).toBeLessThanOrEqual(4)
  })
})

test('§1.4.5 a server that does not hold polls is asked ever less often, up to once a second', async () => {
  const { orchestrator, worker } = await setup()
  orchestrator.answers('poll', { status: 204 })
  holdTime()
  await worker.start()
  await expectPauses(orchestrator, 'poll', [10, 20, 40, 80, 160, 320, 640, 1_000, 1_000])
  orchestrator.behaves('poll')
  await orchestrator.next('poll')
  orchestrator.offer('echo')
  await orchestrator.next('result')
})

test('§1.4.6 a poll that is never answered ends 10 s after the time it may be held', async () => {
  const { orchestrator, worker, said } = await setup()
  orchestrator.answers('poll', 'hold')
  holdTime()
  await worker.start()
  const { closed } = await orchestrator.next('poll')
  await orchestrator.answered('heartbeat')
  let over = false
  void closed.then(() => {
    over = true
  })
  await vi.advanceTimersByTimeAsync(39_999)
  await orchestrator.fence()
  expect(over).toBe(false)
  await vi.advanceTimersByTimeAsync(1)
  await closed
  const line = await said('Poll failed')
  expect(line.err?.message).toContain('timed out: no complete response after 40000 ms')
})

describe('§1.4.7 an answer that is none', () => {
  test.each([
    [
      'a page',
      { status: 502, body: '<html><h1>Bad Gateway</h1></html>' },
      'answered 502: <html><h1>Bad Gateway',
      'status 502',
    ],
    [
      'a page with 200',
      { status: 200, body: '<html>Log in</html>' },
      'without a JSON object: <html>Log in',
      'answer not understood',
    ],
    [
      'a task without ids',
      { body: { type: 'echo', params: {} } },
      'without job_id, task_id and type',
      'answer not understood',
    ],
    ['a list', { body: [] }, 'without a JSON object', 'answer not understood'],
    ['half of one', 'cut' as const, 'failed: ', 'no answer (ERR_BROKE_OFF)'],
    ['a broken connection', 'reset' as const, 'failed: ', 'no answer (UND_ERR_SOCKET)'],
    [
      'gone',
      { status: 404, body: { error: 'Worker not found' } },
      'answered 404: Worker not found',
      'status 404',
    ],
    [
      'not ours',
      { status: 403, body: { error: 'Forbidden' } },
      'answered 403: Forbidden',
      'token refused (403)',
    ],
  ])(
    '%s: is logged, makes the worker not ready, and is followed by a pause',
    async (_name, reply, text, kind) => {
      const { orchestrator, worker, logged, said } = await setup()
      orchestrator.answers('poll', reply)
      holdTime()
      await worker.start()
      const line = await said('Poll failed')
      expect(line.err?.message).toContain(text)
      expect(worker.readiness.reason).toBe(`polls of ${orchestrator.url} fail: ${kind}`)
      await orchestrator.fence()
      await vi.advanceTimersByTimeAsync(4_999)
      await orchestrator.fence()
      expect(orchestrator.calls('poll')).toHaveLength(1)
      orchestrator.behaves('poll')
      await vi.advanceTimersByTimeAsync(25_001)
      orchestrator.offer('echo')
      await orchestrator.next('result')
      await said('Polls are answered again')
      expect(worker.readiness).toEqual({ ready: true })
      expect(logged('warn')).toHaveLength(1)
    },
  )

  test('is logged once for each new reason, pauses grow up to a minute', async () => {
    const { orchestrator, worker, logged } = await setup()
    orchestrator.answers('poll', { status: 500 })
    holdTime()
    await worker.start()
    await expectPauses(orchestrator, 'poll', [5_000, 10_000, 20_000, 40_000, 60_000, 60_000], (pauseMs) => {
      if (pauseMs === 40_000) orchestrator.answers('poll', { status: 503 })
    })
    await orchestrator.answered('poll')
    expect(logged('warn').map(({ err }) => err?.message)).toEqual([
      'A poll was answered 500: no body',
      'A poll was answered 503: no body',
    ])
  })
})

describe('§1.1.5 a poll that is refused with 429', () => {
  test.each([
    ['told how long', { 'retry-after': '7' }, [7_000, 7_000]],
    ['told nothing', {}, [1_000, 4_000, 16_000, 60_000, 60_000]],
    ['told to wait no time', { 'retry-after': '0' }, [1_000, 4_000]],
  ])('%s', async (_name, headers, pauses) => {
    const { orchestrator, worker } = await setup()
    orchestrator.answers('poll', { status: 429, body: { error: 'Too Many Requests' }, headers })
    holdTime()
    await worker.start()
    await expectPauses(orchestrator, 'poll', pauses)
    orchestrator.behaves('poll')
    await orchestrator.next('poll')
    // §1.1.6 Heartbeats have a limit of their own.
    expect(orchestrator.calls('heartbeat').length).toBeGreaterThan(0)
  })
})

test('§1.4.8 a task that is offered again while it is in hand runs once', async () => {
  const { orchestrator, worker, release, said } = await setup()
  const started: string[] = []
  worker.on('taskStarted', ({ taskId }) => started.push(taskId))
  await worker.start()
  orchestrator.offer('hold', {}, 'twice')
  orchestrator.offer('hold', {}, 'twice')
  await said('Task offered again while it is in hand')
  release()
  await orchestrator.next('result')
  orchestrator.offer('echo', {}, 'other')
  const { body } = await orchestrator.next('result')
  expect(body.task_id).toBe('other')
  expect(started).toEqual(['twice', 'other'])
})

test('§1.4.9 a task of a full type waits in a line, counts as load, and runs when its turn comes', async () => {
  const orchestrator = await RawOrchestrator.start()
  const { worker } = testWorker({
    url: orchestrator.url,
    maxConcurrentTasks: 4,
    taskTypeLimits: { gpu: 1 },
  })
  const gates = [gate(), gate(), gate()]
  let running = 0
  let most = 0
  worker.task('paint', { taskType: 'gpu' }, async ({ n }) => {
    most = Math.max(most, ++running)
    await gates[n]?.opened
    running--
    return { n }
  })
  worker.task('echo', () => {})
  await worker.start()
  for (let n = 0; n < 3; n++) orchestrator.offer('paint', { n })
  const { body } = await orchestrator.next('heartbeat', (call) => call.body.load === 3)
  expect(body).toMatchObject({ status: 'idle', supported_tasks: ['echo'] })
  expect(running).toBe(1)
  for (const { open } of gates) {
    open()
    await orchestrator.next('result')
  }
  expect(most).toBe(1)
})
