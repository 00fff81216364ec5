import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transientFailure } from 'avtomatika-worker'
import { describe, expect, test, vi } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { type CallKind, RawOrchestrator } from '../../support/raw-orchestrator.js'
import { temporaryFolder } from '../../support/temporary-folder.js'
import { expectPauses, holdTime, SECRET, testWorker } from '../../support/test-worker.js'

const setup = async (maxConcurrentTasks = 8) => {
  const orchestrator = await RawOrchestrator.start()
  const folder = temporaryFolder()
  const made = testWorker({
    url: orchestrator.url,
    maxConcurrentTasks,
    variables: {
      RESULT_MAX_RETRIES: 3,
      RESULT_RETRY_INITIAL_DELAY: 1,
      TASK_POLL_TIMEOUT: 600,
      HEARTBEAT_INTERVAL: 600,
      WORKER_STATE_DIR: folder,
    },
  })
  made.worker.task('echo', (params) => ({ data: params }))
  const delivered: string[] = []
  made.worker.on('resultDelivered', ({ taskId }) => delivered.push(taskId))
  const idsOf = (kind: CallKind) => orchestrator.calls(kind).map(({ body }) => body.task_id)
  return { orchestrator, folder, ...made, delivered, sent: () => idsOf('result') }
}

const away = [
  ['429', { status: 429 }, 1_000],
  ['429 and a time', { status: 429, headers: { 'retry-after': '9' } }, 9_000],
  ['401', { status: 401, body: { error: 'No valid token found' } }, 15_000],
  ['403', { status: 403, body: { error: 'Forbidden' } }, 15_000],
  ['no answer', 'reset' as const, 1_000],
  ['half an answer', 'cut' as const, 1_000],
  ['500', { status: 500 }, 1_000],
  ['200 with a page', { status: 200, body: '<html>Log in</html>' }, 1_000],
] as const

test.each(away)(
  '§1.5.9 §1.5.10 §1.5.12 a result that meets %s is sent again, and delivered once',
  async (...[, reply, pauseMs]) => {
    const { orchestrator, worker, delivered, logged, sent } = await setup()
    orchestrator.answers('result', reply)
    holdTime()
    await worker.start()
    orchestrator.offer('echo', { x: 1 }, 'kept')
    await orchestrator.answered('result')
    orchestrator.behaves('result')
    await vi.advanceTimersByTimeAsync(pauseMs - 1)
    await orchestrator.fence()
    expect(sent()).toEqual(['kept'])
    await vi.advanceTimersByTimeAsync(1)
    const { body } = await orchestrator.answered('result')
    expect(body).toMatchObject({ task_id: 'kept', result: { status: 'success', data: { x: 1 } } })
    await vi.advanceTimersByTimeAsync(600_000)
    await orchestrator.fence()
    expect(sent()).toEqual(['kept', 'kept'])
    expect(delivered).toEqual(['kept'])
    expect(JSON.stringify(logged())).not.toContain(SECRET)
  },
)

test('§1.5.10 a result that has trouble of its own does not make others wait', async () => {
  const { orchestrator, worker, delivered } = await setup()
  orchestrator.answers('result', ({ body }) =>
    body.task_id === 'bad' ? { status: 500 } : { body: { status: 'result_accepted_success' } },
  )
  holdTime()
  await worker.start()
  orchestrator.offer('echo', {}, 'bad')
  await orchestrator.answered('result')
  orchestrator.offer('echo', {}, 'good')
  await orchestrator.answered('result', ({ body }) => body.task_id === 'good')
  expect(delivered).toEqual(['good'])
})

test('§1.5.9 while the orchestrator takes nothing one result at a time finds out, then all go', async () => {
  const { orchestrator, worker, delivered, sent } = await setup()
  orchestrator.answers('result', 'reset')
  holdTime()
  await worker.start()
  orchestrator.offer('echo', {}, 'first')
  await orchestrator.answered('result')
  for (const id of ['second', 'third']) {
    const done = nextEvent(worker, 'taskFinished')
    orchestrator.offer('echo', {}, id)
    await done
  }
  await orchestrator.fence()
  expect(sent()).toEqual(['first'])
  await vi.advanceTimersByTimeAsync(1_000)
  await orchestrator.answered('result')
  expect(sent()).toHaveLength(2)
  orchestrator.behaves('result')
  await vi.advanceTimersByTimeAsync(2_000)
  for (let i = 0; i < 3; i++) await orchestrator.answered('result')
  expect([...delivered].sort()).toEqual(['first', 'second', 'third'])
})

test('§1.5.9 one that gets no answer while it finds out makes the others wait for 2 s', async () => {
  const { orchestrator, worker, delivered } = await setup()
  orchestrator.answers('result', 'reset')
  holdTime()
  await worker.start()
  orchestrator.offer('echo', {}, 'mute')
  await orchestrator.answered('result')
  orchestrator.offer('echo', {}, 'waiting')
  await orchestrator.next('poll')
  await orchestrator.next('poll')
  orchestrator.answers('result', ({ body }) =>
    body.task_id === 'mute' ? 'hold' : { body: { status: 'result_accepted_success' } },
  )
  await vi.advanceTimersByTimeAsync(1_000)
  await orchestrator.next('result', ({ body }) => body.task_id === 'mute')
  await vi.advanceTimersByTimeAsync(1_999)
  await orchestrator.fence()
  expect(delivered).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  await orchestrator.answered('result', ({ body }) => body.task_id === 'waiting')
  expect(delivered).toEqual(['waiting'])
})

test('§1.5.11 after its retries a result is set aside, said, and tried about once a minute', async () => {
  const { orchestrator, worker, logged, delivered } = await setup()
  orchestrator.answers('result', { status: 500, body: 'TypeError' })
  const aside = nextEvent(worker, 'resultSetAside')
  holdTime()
  await worker.start()
  orchestrator.offer('echo', {}, 'slow')
  await expectPauses(orchestrator, 'result', [1_000, 2_000, 4_000, 60_000, 60_000])
  orchestrator.behaves('result')
  await orchestrator.answered('result')
  expect(await aside).toMatchObject({ taskId: 'slow', error: { status: 500 } })
  expect(logged('error').map(({ msg, taskId }) => [taskId, msg])).toEqual([
    ['slow', 'Result not delivered after all quick retries: the worker retries it every minute'],
  ])
  await vi.advanceTimersByTimeAsync(60_000)
  expect(delivered).toEqual(['slow'])
})

test.each([
  [404, 'Job not found'],
  [422, 'Unprocessable'],
])('§1.5.8 a result that is refused with %i is a dead letter, and not sent again', async (status, error) => {
  const { orchestrator, worker, logged, sent } = await setup()
  orchestrator.answers('result', { status, body: { error } })
  const refused = nextEvent(worker, 'resultRefused')
  holdTime()
  await worker.start()
  orchestrator.offer('echo', { x: 1 }, 'late')
  await orchestrator.answered('result')
  expect(await refused).toMatchObject({
    taskId: 'late',
    error: { status, message: expect.stringContaining(error) },
  })
  expect(logged('error')).toEqual([
    expect.objectContaining({
      taskId: 'late',
      msg: 'Result refused for good by the orchestrator: stored as a dead letter',
    }),
  ])
  await vi.advanceTimersByTimeAsync(600_000)
  await orchestrator.fence()
  expect(sent()).toEqual(['late'])
})

test.each([
  ['refused with 400', { status: 400, body: { error: 'Invalid JSON body' } }, 10],
  ['refused with 413', { status: 413, body: { error: 'Payload Too Large' } }, 10],
  // Nothing that long is sent, so the script never answers it.
  ['too long', { status: 500 }, 1_048_576],
  // Each letter takes two bytes.
  ['too long in bytes only', { status: 500 }, 600_000, 'ä'],
])(
  '§1.5.13 §1.5.14 a result that is %s: the job gets a short failure, the whole result is a dead letter',
  async (_, answer, length, letter = 'x') => {
    const { orchestrator, folder, worker, logged } = await setup()
    orchestrator.answers('result', ({ body }) =>
      body.result.status === 'failure' ? { body: { status: 'result_accepted_failure' } } : answer,
    )
    const refused = nextEvent(worker, 'resultRefused')
    holdTime()
    await worker.start()
    const text = letter.repeat(length)
    orchestrator.offer('echo', { text }, 'long')
    expect(await refused).toMatchObject({ taskId: 'long', jobId: 'job of long' })
    const last = orchestrator.calls('result').at(-1)
    expect(last?.body).toEqual({
      job_id: 'job of long',
      task_id: 'long',
      worker_id: expect.any(String),
      result: {
        status: 'failure',
        error: { code: 'PERMANENT_ERROR', message: expect.stringContaining('cannot be delivered') },
      },
    })
    expect(orchestrator.calls('result').filter(({ body }) => body.result.status !== 'failure')).toHaveLength(
      answer.status === 500 ? 0 : 1,
    )
    const letters = join(folder, 'dead-letters')
    expect(readFileSync(join(letters, String(readdirSync(letters)[0])), 'utf8')).toContain(text)
    expect(logged('error').map(({ msg }) => msg)).toEqual([
      'Result not readable for the orchestrator: a short failure took its place: stored as a dead letter',
    ])
  },
)

test('§1.5.14 a failure that is too long keeps its code, so that the orchestrator dispatches it again', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('sad', () => transientFailure(`no answer: ${'x'.repeat(2_000_000)}`))
  holdTime()
  await worker.start()
  orchestrator.offer('sad', {}, 'long')
  const { body } = await orchestrator.answered('result')
  expect(body.result.error).toEqual({
    code: 'TRANSIENT_ERROR',
    message: expect.stringMatching(/^no answer: x+ \(The result of the task cannot be delivered: it takes /),
  })
})

test('§1.5.11 what was set aside goes as soon as polls are answered again', async () => {
  const { orchestrator, worker, delivered, said } = await setup()
  orchestrator.answers('result', { status: 500 })
  holdTime()
  await worker.start()
  orchestrator.offer('echo', {}, 'kept')
  for (const pauseMs of [1_000, 2_000, 4_000]) {
    await orchestrator.answered('result')
    await vi.advanceTimersByTimeAsync(pauseMs)
  }
  await said('Result not delivered after all quick retries')
  orchestrator.behaves('result')
  orchestrator.endPoll({ status: 500 })
  await said('Poll failed')
  await orchestrator.fence()
  expect(delivered).toEqual([])
  orchestrator.endPoll()
  await vi.advanceTimersByTimeAsync(5_000)
  await said('Polls are answered again')
  await orchestrator.answered(
    'result',
    () => delivered.length > 0 || orchestrator.calls('result').length === 5,
  )
  expect(delivered).toEqual(['kept'])
})

describe('results that cannot be delivered', () => {
  // A thousand and a half tasks over real sockets: on a machine with other work that takes its time.
  test('press back: no more tasks are fetched, the worker says busy, until there is room again', {
    timeout: 120_000,
  }, async () => {
    const { orchestrator, worker } = await setup(100)
    orchestrator.answers('result', { status: 500 })
    const BOUND = 1_000
    for (let i = 0; i < BOUND + 500; i++) orchestrator.offer('echo', {}, `t${i}`)
    holdTime()
    let finished = 0
    const full = new Promise<void>((resolve) => {
      worker.on('taskFinished', () => {
        if (++finished === BOUND) resolve()
      })
    })
    await worker.start()
    await full
    await orchestrator.fence()
    // What was already asked for still comes.
    expect(finished).toBeLessThan(BOUND + 100)
    expect(orchestrator.openPolls).toBe(0)
    expect(worker.readiness.reason).toMatch(/^\d+ results wait for delivery$/)
    await vi.advanceTimersByTimeAsync(100)
    await orchestrator.next('heartbeat', ({ body }) => body.status === 'busy' && body.load === 0)
    orchestrator.behaves('result')
    const all = new Set<string>()
    const done = new Promise<void>((resolve) => {
      worker.on('resultDelivered', ({ taskId }) => {
        if (all.add(taskId).size === BOUND + 500) resolve()
      })
    })
    // Those that were under way when this began are tried again in their time.
    for (let seconds = 0; seconds < 120 && all.size < BOUND; seconds++) {
      await vi.advanceTimersByTimeAsync(1_000)
      await orchestrator.fence()
    }
    await done
    expect(worker.readiness).toEqual({ ready: true })
  })
})
