import type { TaskContext } from 'avtomatika-worker'
import { describe, expect, test } from 'vitest'
import { GENERATIONS } from '../../support/generations.js'
import { Inbox } from '../../support/inbox.js'
import { ScriptedOrchestrator } from '../../support/scripted-orchestrator.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { eventsOf, workerOf } from '../../support/worker-of.js'

type Setup = Parameters<typeof workerOf>[1]

const withWorker = async (setup: Setup = {}) => {
  const orchestrator = await ScriptedOrchestrator.start()
  const { worker } = workerOf(orchestrator.url, setup)
  const opened = eventsOf(worker, 'socketOpened')
  const closed = eventsOf(worker, 'socketClosed')
  const running = new Inbox<{ ctx: TaskContext; end: (value: object) => void }>()
  worker.task('wait', (_, ctx) => new Promise<object>((end) => running.put({ ctx, end })))
  return { orchestrator, worker, running, opened, closed }
}

describe('§1.6.12 progress', () => {
  test('goes up the socket', async () => {
    const { orchestrator, worker, running } = await withWorker()
    await worker.start()
    const { messages } = await orchestrator.peers.next()
    orchestrator.offer('t1', 'wait')
    const { ctx, end } = await running.next()
    ctx.progress(0.5, 'half')
    expect(await messages.next()).toEqual({
      event: 'progress_update',
      task_id: 't1',
      job_id: 'job of t1',
      progress: 0.5,
      message: 'half',
    })
    end({})
  })

  test('that comes fast is thinned out to the newest; the last value goes before the result', async () => {
    const { orchestrator, worker, running } = await withWorker()
    await worker.start()
    const { messages } = await orchestrator.peers.next()
    orchestrator.offer('t1', 'wait')
    const { ctx, end } = await running.next()
    for (let n = 1; n <= 1_000; n++) ctx.progress(n / 1_000)
    end({})
    await orchestrator.resultOf('t1')
    expect(messages.all.map(({ progress }) => progress)).toEqual([0.001, 1])
  })

  test('of each task is thinned out by itself', async () => {
    const { orchestrator, worker, running } = await withWorker()
    await worker.start()
    const { messages } = await orchestrator.peers.next()
    orchestrator.offer('t1', 'wait')
    orchestrator.offer('t2', 'wait')
    const tasks = [await running.next(), await running.next()]
    for (const { ctx } of tasks) ctx.progress(0.1)
    await messages.next()
    await messages.next()
    expect(messages.all.map(({ task_id }) => task_id)).toEqual(['t1', 't2'])
    for (const { end } of tasks) end({})
  })

  test('goes on by itself once the rest is over', async () => {
    const { orchestrator, worker, running } = await withWorker()
    await worker.start()
    const { messages } = await orchestrator.peers.next()
    orchestrator.offer('t1', 'wait')
    const { ctx, end } = await running.next()
    for (const fraction of [0.1, 0.2, 0.3]) ctx.progress(fraction)
    await messages.next()
    expect(await messages.next()).toMatchObject({ progress: 0.3 })
    end({})
  })

  test('is kept while there is no socket, the newest of each task, that of ended tasks too', async () => {
    const { orchestrator, worker, running, opened, closed } = await withWorker()
    await worker.start()
    const first = await orchestrator.peers.next()
    await opened.next()
    orchestrator.refuse(503)
    first.socket.close(1001)
    await closed.next()
    orchestrator.offer('t1', 'wait')
    orchestrator.offer('t2', 'wait')
    const [one, two] = [await running.next(), await running.next()]
    for (const fraction of [0.1, 0.2, 0.3]) for (const { ctx } of [one, two]) ctx.progress(fraction)
    one.end({})
    await orchestrator.resultOf('t1')
    orchestrator.upgrade = undefined
    const { messages } = await orchestrator.peers.next()
    await messages.next()
    await messages.next()
    expect(messages.all.map(({ task_id, progress }) => [task_id, progress])).toEqual([
      ['t1', 0.3],
      ['t2', 0.3],
    ])
    two.end({})
  })

  test('after the result goes nowhere', async () => {
    const { orchestrator, worker, running } = await withWorker()
    await worker.start()
    const { messages } = await orchestrator.peers.next()
    orchestrator.offer('t1', 'wait')
    const { ctx, end } = await running.next()
    end({})
    await orchestrator.resultOf('t1')
    ctx.progress(0.9)
    orchestrator.offer('t2', 'wait')
    const second = await running.next()
    second.ctx.progress(0.1)
    expect(await messages.next()).toMatchObject({ task_id: 't2' })
    second.end({})
  })

  test('is told to listeners whether there is a socket or not', async () => {
    const { orchestrator, worker, running } = await withWorker({
      variables: { WORKER_ENABLE_WEBSOCKETS: false },
    })
    const heard = eventsOf(worker, 'progress')
    await worker.start()
    orchestrator.offer('t1', 'wait')
    const { ctx, end } = await running.next()
    ctx.progress(2, 'too far')
    expect(await heard.next()).toEqual({
      taskId: 't1',
      jobId: 'job of t1',
      progress: 1,
      message: 'too far',
      tracingContext: {},
    })
    end({})
  })

  test.each(GENERATIONS)('is seen at the embedded orchestrator: %s', async (generation) => {
    const orchestrator = await testOrchestrator({ generation })
    const { worker } = workerOf(orchestrator.url, {
      variables: { WORKER_TOKEN: orchestrator.workerToken, ORCHESTRATOR_PROTOCOL: 'auto' },
    })
    const opened = eventsOf(worker, 'socketOpened')
    worker.task('half', (_, { progress }) => progress(0.5, 'half'))
    const seen = new Inbox<object>()
    orchestrator.on('progress', (event) => seen.put(event))
    await worker.start()
    await opened.next()
    const { id } = await orchestrator.createJob({ task: 'half' })
    expect(await seen.next()).toMatchObject({ jobId: id, fraction: 0.5, message: 'half' })
  })
})
