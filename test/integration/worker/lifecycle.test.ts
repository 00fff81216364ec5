import { AvtomatikaError, StateError, Worker, WorkerConfig } from 'avtomatika-worker'
import { describe, expect, test, vi } from 'vitest'
import { RawOrchestrator } from '../../support/raw-orchestrator.js'
import { holdTime, testWorker } from '../../support/test-worker.js'

const setup = async (options: { taskTypeLimits?: Record<string, number> } = {}) => {
  const orchestrator = await RawOrchestrator.start()
  return { orchestrator, ...testWorker({ url: orchestrator.url, ...options }) }
}

describe('embedding', () => {
  test('start() resolves without waiting for an orchestrator', async () => {
    const { orchestrator, worker } = await setup()
    orchestrator.answers('registration', 'hold')
    await worker.start()
    expect(worker.state).toBe('running')
    expect(worker.readiness).toEqual({ ready: false, reason: expect.stringContaining('not registered') })
  })

  test('the states are told in their order', async () => {
    const { worker } = await setup()
    const moves: string[] = []
    worker.on('stateChanged', ({ from, to }) => moves.push(`${from} → ${to}`))
    expect(worker.readiness).toEqual({ ready: false, reason: 'the worker is created' })
    await worker.start()
    await worker.stop({ pollGraceMs: 0 })
    expect(moves).toEqual(['created → running', 'running → draining', 'draining → stopped'])
    expect(worker.readiness).toEqual({ ready: false, reason: 'the worker is stopped' })
  })

  test('stop() before start() is the end; a second stop() is the first one', async () => {
    const { orchestrator, worker } = await setup()
    const first = worker.stop()
    expect(worker.stop()).toBe(first)
    await first
    expect(worker.state).toBe('stopped')
    await expect(worker.start()).rejects.toThrow(StateError)
    await expect(worker.run()).rejects.toThrow('Worker is stopped: it cannot be started again')
    await orchestrator.fence()
    expect(orchestrator.calls()).toEqual([])
  })

  test('a worker is started once', async () => {
    const { worker } = await setup()
    await worker.start()
    await expect(worker.start()).rejects.toThrow(
      new StateError('Worker already started, it is running: start() or run() was called twice'),
    )
  })

  test.each(['start', 'run', 'runWithHealthCheck'] as const)(
    'a second start by %s() is refused, and changes nothing',
    async (again) => {
      const { orchestrator, worker } = await setup()
      const listeners = () => ['SIGTERM', 'unhandledRejection'].map((name) => process.listenerCount(name))
      const before = listeners()
      const running = worker.runWithHealthCheck()
      const early = worker.runWithHealthCheck().catch((error: unknown) => error)
      expect(await early).toEqual(
        new StateError('Worker already started, it is starting: start() or run() was called twice'),
      )
      await orchestrator.next('poll')
      const during = listeners()
      await expect(worker[again]()).rejects.toThrow('Worker already started, it is running')
      expect(listeners()).toEqual(during)
      expect((await fetch(`http://127.0.0.1:${worker.healthPort}/health`)).status).toBe(200)
      await worker.stop({ pollGraceMs: 0 })
      await running
      expect(listeners()).toEqual(before)
      expect(worker.healthPort).toBeUndefined()
    },
  )

  test('start() while the health server starts is the first start', async () => {
    const { orchestrator, worker } = await setup()
    const second = worker.runWithHealthCheck().catch((error: unknown) => error)
    await worker.start()
    expect(await second).toBeInstanceOf(StateError)
    expect([worker.state, worker.healthPort]).toEqual(['running', undefined])
    await orchestrator.next('poll')
    orchestrator.endPoll()
  })

  test('run() resolves when somebody else has stopped the worker, and listens to signals no more', async () => {
    const { orchestrator, worker } = await setup()
    const before = process.listenerCount('SIGTERM')
    const running = worker.run()
    await orchestrator.next('poll')
    expect(process.listenerCount('SIGTERM')).toBe(before + 1)
    await worker.stop({ pollGraceMs: 0 })
    await running
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })

  test('await using stops it', async () => {
    const { orchestrator, worker } = await setup()
    const use = async () => {
      await using used = worker
      await used.start()
      await orchestrator.next('poll')
      orchestrator.endPoll()
    }
    await use()
    expect(worker.state).toBe('stopped')
  })
})

describe('tasks and limits', () => {
  test('a name is registered once', async () => {
    const { worker } = await setup()
    worker.task('echo', () => {})
    expect(() => worker.task('echo', () => {})).toThrow(AvtomatikaError)
    expect(() => worker.task('echo', () => {})).toThrow('Task "echo" is registered twice')
  })

  test('not after the end', async () => {
    const { worker } = await setup()
    await worker.start()
    await worker.stop({ pollGraceMs: 0 })
    expect(() => worker.task('late', () => {})).toThrow(
      new StateError('Task "late" registered too late: the worker is stopped'),
    )
  })

  test('a limit for a type that no task has and a type without a limit are warnings', async () => {
    const { worker, logged } = await setup({ taskTypeLimits: { gpu: 1 } })
    worker.task('paint', { taskType: 'cpu' }, () => {})
    await worker.start()
    expect(logged('warn').map(({ msg }) => msg)).toEqual([
      'unused limit: taskTypeLimits has "gpu", but no task has this type',
      'missing limit: task "paint" has the type "cpu", but taskTypeLimits has no such entry',
    ])
  })

  test('options win over the configuration', async () => {
    const config = new WorkerConfig({ WORKER_ID: 'named', WORKER_TYPE: 'plain', MAX_CONCURRENT_TASKS: 3 })
    const orchestrator = await RawOrchestrator.start()
    config.ORCHESTRATOR_URL = orchestrator.url
    await using worker = new Worker({ config, workerType: 'special' }).task('any', () => {})
    expect(worker.id).toBe('named')
    await worker.start()
    const { body } = await orchestrator.next('registration')
    expect(body).toMatchObject({ worker_id: 'named', worker_type: 'special', max_concurrent_tasks: 3 })
    await orchestrator.next('poll')
    orchestrator.endPoll()
  })
})

test('an idle worker has no timer that is due within a second', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('echo', () => {})
  holdTime()
  const set = vi.spyOn(globalThis, 'setTimeout')
  await worker.start()
  await orchestrator.answered('heartbeat')
  await orchestrator.next('poll')
  await orchestrator.fence()
  set.mockClear()
  for (let seconds = 0; seconds < 120; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000)
    // The orchestrator holds a poll for 30 s.
    if (seconds % 30 === 29) orchestrator.endPoll()
    await orchestrator.fence()
  }
  // 8 heartbeats and 4 polls: each has its own deadline, its pause, and the one of its request; 6 looks of the watchdog.
  expect(set.mock.calls.length).toBeLessThanOrEqual(3 * (8 + 4) + 6)
  const short = set.mock.calls.filter(([, ms = 0]) => ms < 1_000)
  // Only the pause of IDLE_POLL_DELAY between two polls that were held for half a minute each.
  expect(short.length).toBeLessThanOrEqual(4)
  vi.useRealTimers()
})
