import { once } from 'node:events'
import { TaskCancelledError, type TaskContext } from 'avtomatika-worker'
import { describe, expect, test, vi } from 'vitest'
import { Inbox } from '../../support/inbox.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { eventsOf, workerOf } from '../../support/worker-of.js'

type Setup = Parameters<typeof workerOf>[1]

/** A started worker whose task `wait` tells when it runs, and ends as its test wants it to. */
const withWorker = async (setup: Setup = {}, taskType?: string) => {
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker, lines } = workerOf(orchestrator.url, setup)
  const running = new Inbox<{
    ctx: TaskContext
    end: (value: object) => void
    fail: (why: unknown) => void
  }>()
  const body = (_: unknown, ctx: TaskContext) =>
    new Promise<object>((end, fail) => running.put({ ctx, end, fail }))
  worker.task('wait', taskType === undefined ? {} : { taskType }, body)
  await worker.start()
  return { orchestrator, worker, lines, running, peer: await orchestrator.peers.next() }
}

/** The worker's answer to a ping: it has read all that was sent before. */
const caughtUp = async (peer: Awaited<ReturnType<typeof withWorker>>['peer']) => {
  const pong = once(peer.socket, 'pong')
  peer.socket.ping()
  await pong
}

describe('§1.6.9 a running task that is cancelled', () => {
  test('has its signal aborted with a TaskCancelledError, and is reported as cancelled', async () => {
    const { orchestrator, worker, running, peer } = await withWorker()
    const finished = eventsOf(worker, 'taskFinished')
    orchestrator.offer('t1', 'wait')
    const { ctx, fail } = await running.next()
    ctx.signal.addEventListener('abort', () => fail(ctx.signal.reason))
    peer.cancel('t1')
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
    expect(ctx.signal.reason).toBeInstanceOf(TaskCancelledError)
    expect(await finished.next()).toMatchObject({ taskId: 't1', status: 'cancelled' })
  })

  test.each([
    ['returns a value', (end: (value: object) => void) => end({ much: 'too late' })],
    [
      'throws what its library made of it',
      (_: unknown, fail: (why: unknown) => void) => fail(new Error('aborted')),
    ],
    ['throws null', (_: unknown, fail: (why: unknown) => void) => fail(null)],
  ])('is reported as cancelled when its handler %s', async (_, finish) => {
    const { orchestrator, running, peer } = await withWorker()
    orchestrator.offer('t1', 'wait')
    const { ctx, end, fail } = await running.next()
    ctx.signal.addEventListener('abort', () => finish(end, fail))
    peer.cancel('t1')
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
  })

  test('leaves the others alone', async () => {
    const { orchestrator, running, peer } = await withWorker()
    orchestrator.offer('t1', 'wait')
    const first = await running.next()
    orchestrator.offer('t2', 'wait')
    const second = await running.next()
    first.ctx.signal.addEventListener('abort', () => first.end({}))
    peer.cancel('t1')
    await orchestrator.resultOf('t1')
    expect(second.ctx.signal.aborted).toBe(false)
    second.end({ fine: true })
    expect(await orchestrator.resultOf('t2')).toEqual({ status: 'success', data: { fine: true } })
  })

  test('keeps its slot while its handler ignores that, is reported after the grace, and its value is dropped', async () => {
    const { orchestrator, lines, running, peer } = await withWorker({
      maxConcurrentTasks: 1,
      variables: { WORKER_CANCEL_GRACE: 0.05, WORKER_HEARTBEAT_DEBOUNCE_DELAY: 0 },
    })
    orchestrator.offer('t1', 'wait')
    const { end } = await running.next()
    await orchestrator.heartbeats.first(({ load }) => load === 1)
    peer.cancel('t1')
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
    expect(
      await lines.first(({ message }) => message.startsWith('Cancelled handler still runs')),
    ).toMatchObject({
      level: 'warn',
      fields: { taskId: 't1' },
    })
    expect(orchestrator.heartbeats.all.at(-1)).toMatchObject({ load: 1, status: 'busy' })
    const before = orchestrator.heartbeats.all.length
    end({ much: 'too late' })
    await lines.first(({ message }) => message.includes('its result is dropped'))
    await orchestrator.heartbeats.first((beat) => orchestrator.heartbeats.all.indexOf(beat) >= before)
    expect(orchestrator.heartbeats.all.at(-1)).toMatchObject({ load: 0, status: 'idle' })
    expect(orchestrator.results.all).toHaveLength(1)
  })

  test('is not begun when it is cancelled while its params are still checked', async () => {
    const orchestrator = await ScriptedOrchestrator.start()
    const { worker } = workerOf(orchestrator.url)
    const checking = new Inbox<() => void>()
    const validate = () => new Promise<{ value: object }>((done) => checking.put(() => done({ value: {} })))
    const params = { '~standard': { version: 1 as const, vendor: 'test', validate } }
    let begun = false
    worker.task('checked', { params }, () => {
      begun = true
    })
    await worker.start()
    const peer = await orchestrator.peers.next()
    orchestrator.offer('t1', 'checked')
    const goOn = await checking.next()
    peer.cancel('t1')
    await caughtUp(peer)
    goOn()
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
    expect(begun).toBe(false)
  })
})

describe('§1.6.10 a task that is cancelled before it runs', () => {
  test('leaves the line of its type at once', async () => {
    const { orchestrator, running, peer } = await withWorker({ taskTypeLimits: { one: 1 } }, 'one')
    orchestrator.offer('t1', 'wait')
    const first = await running.next()
    orchestrator.offer('t2', 'wait')
    orchestrator.offer('t3', 'wait')
    await orchestrator.heartbeats.first(({ load }) => load === 3)
    peer.cancel('t2')
    expect(await orchestrator.resultOf('t2')).toEqual({ status: 'cancelled' })
    first.end({})
    const third = await running.next()
    expect(third.ctx.taskId).toBe('t3')
    third.end({})
    await orchestrator.resultOf('t3')
    expect(running.all).toHaveLength(2)
  })

  test('does not run when the command overtakes it', async () => {
    const { orchestrator, lines, running, peer } = await withWorker()
    peer.cancel('t1')
    await lines.first(({ message }) => message.startsWith('Cancellation received for a task'))
    orchestrator.offer('t1', 'wait')
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
    orchestrator.offer('t2', 'wait')
    const { ctx, end } = await running.next()
    expect(ctx.taskId).toBe('t2')
    end({})
  })
})

test('§1.6.11 the cancel of a task that is unknown or has ended is a line at level debug, and nothing else', async () => {
  const { orchestrator, worker, lines, running, peer } = await withWorker()
  orchestrator.offer('t1', 'wait')
  ;(await running.next()).end({})
  await eventsOf(worker, 'resultDelivered').next()
  peer.cancel('t1')
  peer.cancel('t0')
  await caughtUp(peer)
  const found = lines.all.filter(({ message }) => message.startsWith('Cancellation received for a task'))
  expect(found.map(({ level, fields }) => [level, fields['id']])).toEqual([
    ['debug', 't1'],
    ['debug', 't0'],
  ])
  expect(orchestrator.results.all).toHaveLength(1)
})

describe('while the worker ends', () => {
  test('tasks can still be cancelled', async () => {
    const { orchestrator, worker, running, peer } = await withWorker()
    orchestrator.offer('t1', 'wait')
    const { ctx, end } = await running.next()
    ctx.signal.addEventListener('abort', () => end({}))
    const stopped = worker.stop({ pollGraceMs: 0 })
    peer.cancel('t1')
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
    await stopped
    expect(await peer.closed.next()).toBe(1000)
  })

  test('a cancelled task that goes on is reported as cancelled, not to be tried again', async () => {
    const { orchestrator, worker, lines, running, peer } = await withWorker({
      variables: { WORKER_SHUTDOWN_TIMEOUT: 0.1 },
    })
    orchestrator.offer('t1', 'wait')
    await running.next()
    peer.cancel('t1')
    await lines.first(({ message }) => message.includes('Task cancelled by the orchestrator'))
    await worker.stop({ pollGraceMs: 0 })
    expect(await orchestrator.resultOf('t1')).toEqual({ status: 'cancelled' })
  })
})

test.each([
  ['classic', 'cancellation_request_sent', { state: 'cancelled_state' }],
  ['rxon', 'cancellation_request_accepted', { status: 'cancelled' }],
] as const)(
  'a job that is cancelled at the embedded orchestrator ends its handler: %s',
  async (generation, answer, end) => {
    const orchestrator = await testOrchestrator({ generation })
    const { worker } = workerOf(orchestrator.url, {
      variables: { WORKER_TOKEN: orchestrator.workerToken, ORCHESTRATOR_PROTOCOL: 'auto' },
    })
    const finished = eventsOf(worker, 'taskFinished')
    const started = eventsOf(worker, 'taskStarted')
    const opened = eventsOf(worker, 'socketOpened')
    worker.task(
      'wait',
      (_, { signal }) =>
        new Promise((_end, fail) => signal.addEventListener('abort', () => fail(signal.reason))),
    )
    await worker.start()
    await opened.next()
    // The second generation learns it from the first heartbeat.
    await vi.waitFor(() => expect(orchestrator.workers()).toMatchObject([{ websockets: true }]), 10_000)
    const job = await orchestrator.createJob({ task: 'wait' })
    await started.next()
    expect(await orchestrator.cancelJob(job.id)).toBe(answer)
    expect(await finished.next()).toMatchObject({ status: 'cancelled' })
    expect(await orchestrator.waitForJob(job.id)).toMatchObject(end)
  },
)
