import { expect, test } from 'vitest'
import { Inbox } from '../../support/inbox.js'
import { eventsOf } from '../../support/worker-of.js'
import { setup, task } from './setup.js'

const ignoredAs = (reason: string) => ({ body: { status: 'ignored', reason, message: 'x' } })
const STALE = ignoredAs('stale_task')
const offer = (n: number, members: Record<string, unknown> = {}) =>
  task({ task_id: `task-${n}`, type: 'hold', step: 1, ...members })

interface Run {
  readonly signal: AbortSignal
  readonly end: (n: number) => void
}

/** A worker whose handlers wait to be told what they return. */
const holding = async (
  variables: Record<string, unknown> = {},
  options: Parameters<typeof setup>[1] = {},
) => {
  const made = await setup(variables, options)
  const runs = new Inbox<Run>()
  made.worker.task('queued', { taskType: 'slow' }, () => ({}))
  made.worker.task(
    'hold',
    { taskType: 'slow' },
    (_, { signal }) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        runs.put({ signal, end: (n) => resolve({ n }) })
      }),
  )
  const results = async (count: number) => {
    const bodies = []
    while (bodies.length < count) bodies.push((await made.orchestrator.answered('result')).body)
    return bodies.map(({ task_id, status, data, error }) => ({
      task_id,
      status,
      ...(data && { data }),
      ...(error && { code: error.code }),
    }))
  }
  await made.worker.start()
  return { ...made, runs, results }
}

test('§2.5.7 §3.1.1 a step that is offered again while it runs runs once, and both ids are answered', async () => {
  const { orchestrator, runs, results, said } = await holding()
  orchestrator.endPoll(offer(1))
  const run = await runs.next()
  orchestrator.endPoll(offer(2))
  await said('Step of a job offered again')
  run.end(7)
  expect(await results(2)).toEqual([
    { task_id: 'task-1', status: 'success', data: { n: 7 } },
    { task_id: 'task-2', status: 'success', data: { n: 7 } },
  ])
  expect(runs.all).toHaveLength(1)
})

test.each([
  ['another step', offer(2, { step: 2 })],
  ['other params', offer(2, { params: { x: 2 } })],
  ['another job', offer(2, { job_id: 'j2' })],
  ['a branch of the same step', offer(2, { task_id: '6f2a' })],
])('§2.5.7 %s is work of its own', async (_, other) => {
  const { orchestrator, runs, results } = await holding()
  orchestrator.endPoll(offer(1))
  const first = await runs.next()
  orchestrator.endPoll(other)
  const second = await runs.next()
  second.end(2)
  first.end(1)
  expect((await results(2)).map(({ data }) => data)).toEqual([{ n: 2 }, { n: 1 }])
})

test('§2.5.7 the cancel of the newer id stops the work, and both are answered', async () => {
  const { orchestrator, runs, results, said } = await holding({ HEARTBEAT_INTERVAL: 1 })
  orchestrator.endPoll(offer(1))
  const { signal } = await runs.next()
  orchestrator.endPoll(offer(2))
  await said('Step of a job offered again')
  orchestrator.answers('heartbeat', { body: { status: 'ok', cancel_task_ids: ['j1'] } })
  expect(await results(2)).toEqual([
    { task_id: 'task-1', status: 'cancelled' },
    { task_id: 'task-2', status: 'cancelled' },
  ])
  expect(signal.aborted).toBe(true)
})

test('§2.5.7 a draining worker answers for both', async () => {
  const { orchestrator, worker, runs, results, said } = await holding({ WORKER_SHUTDOWN_TIMEOUT: 0.1 })
  orchestrator.endPoll(offer(1))
  await runs.next()
  orchestrator.endPoll(offer(2))
  await said('Step of a job offered again')
  const stopped = worker.stop({ pollGraceMs: 0 })
  expect(await results(2)).toEqual([
    { task_id: 'task-1', status: 'failure', code: 'TRANSIENT_ERROR' },
    { task_id: 'task-2', status: 'failure', code: 'TRANSIENT_ERROR' },
  ])
  await stopped
})

test('§2.5.7 what was handed back is not joined', async () => {
  const { orchestrator, worker, runs } = await holding({}, { taskTypeLimits: { slow: 1 } })
  const handedBack = eventsOf(worker, 'taskHandedBack')
  orchestrator.answers('result', 'hold')
  orchestrator.endPoll(offer(1))
  const run = await runs.next()
  const waiting = { type: 'queued', job_id: 'j2' }
  orchestrator.endPoll(offer(2, waiting))
  await orchestrator.next('poll')
  await orchestrator.next('poll')
  await orchestrator.next('poll')
  const stopped = worker.stop()
  expect((await handedBack.next()).taskId).toBe('task-2')
  orchestrator.endPoll(offer(3, waiting))
  expect((await handedBack.next()).taskId).toBe('task-3')
  orchestrator.behaves('result')
  run.end(1)
  orchestrator.endPoll({ status: 204 })
  await stopped
})

test.each(['stale_task', 'worker_mismatch'])(
  '§2.6.7 §3.1.1 §3.1.15 §3.1.21 a success that was ignored as %s answers the next offer of that step',
  async (reason) => {
    const { orchestrator, worker, runs, results } = await holding()
    const ignored = eventsOf(worker, 'resultIgnored')
    orchestrator.answers('result', ignoredAs(reason))
    orchestrator.endPoll(offer(1))
    const run = await runs.next()
    run.end(7)
    await ignored.next()
    orchestrator.endPoll(offer(2))
    await ignored.next()
    orchestrator.behaves('result')
    orchestrator.endPoll(offer(3))
    expect(await results(3)).toEqual(
      [1, 2, 3].map((n) => ({ task_id: `task-${n}`, status: 'success', data: { n: 7 } })),
    )
    expect(runs.all).toHaveLength(1)
    // Until it is taken: whoever asks then wants it done again.
    orchestrator.endPoll(offer(4))
    const again = await runs.next()
    again.end(8)
    expect(await results(1)).toEqual([{ task_id: 'task-4', status: 'success', data: { n: 8 } }])
  },
)

test('§2.6.7 what one id was too late with is forgotten once another one was taken', async () => {
  const { orchestrator, worker, runs, results, said } = await holding()
  const ignored = eventsOf(worker, 'resultIgnored')
  orchestrator.answers('result', ({ body }) =>
    body.task_id === 'task-1' ? STALE : { body: { status: 'accepted' } },
  )
  orchestrator.endPoll(offer(1))
  const run = await runs.next()
  orchestrator.endPoll(offer(2))
  await said('Step of a job offered again')
  run.end(7)
  await results(2)
  await ignored.next()
  orchestrator.endPoll(offer(3))
  const again = await runs.next()
  again.end(8)
  expect((await results(1))[0]).toMatchObject({ task_id: 'task-3', data: { n: 8 } })
})

test('§2.6.7 a success whose result is still under way answers the next offer of that step', async () => {
  const { orchestrator, runs } = await holding()
  orchestrator.answers('result', 'hold')
  orchestrator.endPoll(offer(1))
  const run = await runs.next()
  run.end(7)
  await orchestrator.next('result')
  orchestrator.behaves('result')
  orchestrator.endPoll(offer(2))
  expect((await orchestrator.next('result')).body).toMatchObject({ task_id: 'task-2', data: { n: 7 } })
  expect(runs.all).toHaveLength(1)
})

test.each([
  ['a failure', STALE, () => Promise.reject(new Error('no luck'))],
  ['what was ignored for another reason', ignoredAs('job_already_terminated'), () => ({})],
])('§2.6.7 %s is not kept', async (_, answer, handler) => {
  const { orchestrator, worker } = await setup()
  const ignored = eventsOf(worker, 'resultIgnored')
  let runs = 0
  worker.task('count', () => {
    runs++
    return handler()
  })
  orchestrator.answers('result', answer)
  await worker.start()
  for (const n of [1, 2]) {
    orchestrator.endPoll(offer(n, { type: 'count' }))
    await ignored.next()
  }
  expect(runs).toBe(2)
})
