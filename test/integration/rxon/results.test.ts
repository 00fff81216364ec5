import { expect, test, vi } from 'vitest'
import { nextEvent } from '../../support/next-event.js'
import { holdTime } from '../../support/test-worker.js'
import { setup, task } from './setup.js'

const DUPLICATE = { status: 403, body: { error: 'Duplicate message detected (replay attack)' } }

test('§2.6.3 a result without an answer goes again word for word, and "duplicate" means taken', async () => {
  const { orchestrator, worker } = await setup()
  const delivered = nextEvent(worker, 'resultDelivered')
  orchestrator.answers('result', 'reset')
  holdTime()
  await worker.start()
  orchestrator.endPoll(task())
  const first = await orchestrator.answered('result')
  orchestrator.answers('result', DUPLICATE)
  await vi.advanceTimersByTimeAsync(1_000)
  const second = await orchestrator.answered('result')
  expect(second.body).toEqual(first.body)
  expect(await delivered).toEqual({ taskId: 't1', jobId: 'j1' })
})

test('§2.6.3 after 55 s it is written anew', async () => {
  const { orchestrator, worker } = await setup({ RESULT_RETRY_INITIAL_DELAY: 56 })
  orchestrator.answers('result', 'reset')
  holdTime()
  await worker.start()
  orchestrator.endPoll(task())
  const first = await orchestrator.answered('result')
  orchestrator.behaves('result')
  await vi.advanceTimersByTimeAsync(56_000)
  const second = await orchestrator.answered('result')
  expect(second.body.nonce).not.toBe(first.body.nonce)
  expect({ ...second.body, nonce: 0, timestamp: 0, security: 0 }).toEqual({
    ...first.body,
    nonce: 0,
    timestamp: 0,
    security: 0,
  })
})

test('§2.1.3 after an answer it is written anew, or its nonce would be burnt', async () => {
  const { orchestrator, worker } = await setup()
  orchestrator.answers('result', { status: 500, body: { error: 'no update' } })
  holdTime()
  await worker.start()
  orchestrator.endPoll(task())
  const first = await orchestrator.answered('result')
  orchestrator.behaves('result')
  await vi.advanceTimersByTimeAsync(1_000)
  const second = await orchestrator.answered('result')
  expect(second.body.nonce).not.toBe(first.body.nonce)
})

test('§2.6.4 a stale result sets the clock, and goes again at once by it', async () => {
  const { orchestrator, worker } = await setup()
  const delivered = nextEvent(worker, 'resultDelivered')
  await worker.start()
  await orchestrator.answered('registration')
  const ahead = new Date(Date.now() + 600_000)
  orchestrator.answers('result', ({ body }) =>
    Math.abs(body.timestamp * 1_000 - ahead.getTime()) < 60_000
      ? { body: { status: 'accepted' } }
      : {
          status: 403,
          body: { error: 'Message timestamp expired (replay protection)' },
          headers: { date: ahead.toUTCString() },
        },
  )
  orchestrator.endPoll(task())
  expect(await delivered).toEqual({ taskId: 't1', jobId: 'j1' })
  expect(orchestrator.calls('result')).toHaveLength(2)
})

test('§2.6.3 §2.6.4 a result that is stamped anew and has no answer goes again word for word', async () => {
  const { orchestrator, worker } = await setup()
  const delivered = nextEvent(worker, 'resultDelivered')
  const stale = { status: 403, body: { error: 'Message timestamp expired (replay protection)' } }
  orchestrator.answers('result', () => (orchestrator.calls('result').length === 1 ? stale : 'reset'))
  holdTime()
  await worker.start()
  orchestrator.endPoll(task())
  await orchestrator.answered('result')
  const stamped = await orchestrator.answered('result')
  orchestrator.answers('result', DUPLICATE)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(await delivered).toEqual({ taskId: 't1', jobId: 'j1' })
  const [first, , repeated] = orchestrator.calls('result')
  expect(stamped.body.nonce).not.toBe(first?.body.nonce)
  expect(repeated?.body).toEqual(stamped.body)
})

test('§2.6.3 §2.6.5 a failure that takes the place of a result goes again word for word, too', async () => {
  const { orchestrator, worker } = await setup()
  const refused = nextEvent(worker, 'resultRefused')
  orchestrator.answers('result', ({ body }) => (body.status === 'failure' ? 'reset' : { status: 400 }))
  holdTime()
  await worker.start()
  orchestrator.endPoll(task())
  await orchestrator.answered('result')
  const failure = await orchestrator.answered('result')
  orchestrator.answers('result', DUPLICATE)
  await vi.advanceTimersByTimeAsync(1_000)
  const repeated = await orchestrator.answered('result')
  expect(repeated.body).toEqual(failure.body)
  expect(await refused).toMatchObject({ taskId: 't1', error: { status: 400 } })
})

test.each([400, 413])('§2.6.5 %i: a short failure takes the place of the result', async (status) => {
  const { orchestrator, worker } = await setup()
  const refused = nextEvent(worker, 'resultRefused')
  orchestrator.answers('result', ({ body }) =>
    body.status === 'failure'
      ? { body: { status: 'accepted' } }
      : { status, body: { error: 'Maximum request body size 1048576 exceeded.' } },
  )
  await worker.start()
  orchestrator.endPoll(task({ params: { long: 'x'.repeat(10_000) } }))
  expect(await refused).toMatchObject({ taskId: 't1', error: { status } })
  const [, failure] = orchestrator.calls('result')
  expect(failure?.body).toMatchObject({ job_id: 'j1', task_id: 't1', error: { code: 'PERMANENT_ERROR' } })
  expect(JSON.stringify(failure?.body).length).toBeLessThan(1_000)
})

test.each([
  ['half a character', { text: '\ud83d' }],
  ['a number beyond 64 bits', { big: 1e21 }],
])('§2.2.5 what cannot be signed is a failure of its task: %s', async (_, data) => {
  const { orchestrator, worker } = await setup()
  worker.task('odd', () => ({ data }))
  await worker.start()
  orchestrator.endPoll(task({ type: 'odd' }))
  const { body } = await orchestrator.answered('result')
  expect(body).toMatchObject({ status: 'failure', error: { code: 'PERMANENT_ERROR' } })
})

test('§2.2.5 half a character in the message of an error costs neither the error nor its code', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('cut', () => {
    throw new Error('so sad \ud83d')
  })
  await worker.start()
  orchestrator.endPoll(task({ type: 'cut' }))
  const { body } = await orchestrator.answered('result')
  expect(body.error).toEqual({ code: 'TRANSIENT_ERROR', message: 'so sad \ufffd' })
})

test('§2.6.2 a result that is ignored is told with its reason, and not sent again', async () => {
  const { orchestrator, worker } = await setup()
  const ignored = nextEvent(worker, 'resultIgnored')
  orchestrator.answers('result', { body: { status: 'ignored', reason: 'stale_task', message: 'x' } })
  await worker.start()
  orchestrator.endPoll(task())
  expect(await ignored).toEqual({ taskId: 't1', jobId: 'j1', reason: 'stale_task' })
  expect(orchestrator.calls('result')).toHaveLength(1)
})

test('§2.6.2 results that are ignored are counted by reason', async () => {
  const { orchestrator, worker } = await setup()
  // As many reasons as it likes are not remembered for ever.
  let reason = 'stale_task'
  orchestrator.answers('result', () => ({ body: { status: 'ignored', reason } }))
  await worker.start()
  expect(worker.ignoredResults).toEqual(new Map())
  const reasons = ['stale_task', 'job_not_found', ...Array.from({ length: 100 }, (_, number) => `r${number}`)]
  for (const [number, each] of [...reasons, 'stale_task', 'r99'].entries()) {
    reason = each
    const ignored = nextEvent(worker, 'resultIgnored')
    orchestrator.endPoll(task({ task_id: `t${number}`, job_id: `j${number}` }))
    await ignored
  }
  expect(worker.ignoredResults.get('stale_task')).toBe(2)
  expect(worker.ignoredResults.get('job_not_found')).toBe(1)
  expect(worker.ignoredResults.get('other')).toBe(3)
  expect(worker.ignoredResults.size).toBe(101)
})

test.each([
  'PERMANENT_ERROR',
  'SECURITY_ERROR',
  'DEPENDENCY_ERROR',
  'CONTRACT_VIOLATION_ERROR',
  'INVALID_INPUT_ERROR',
  'INTEGRITY_MISMATCH_ERROR',
])('§2.4.12 a failure with %s waits for no heartbeat', async (code) => {
  const { orchestrator, worker } = await setup()
  worker.task('fail', () => ({ status: 'failure', error: { code, message: 'no' } }))
  orchestrator.answers('heartbeat', 'hold')
  // Or the heartbeat would be given up at last.
  holdTime()
  await worker.start()
  await orchestrator.next('heartbeat')
  orchestrator.endPoll(task({ type: 'fail' }))
  expect((await orchestrator.answered('result')).body).toMatchObject({ error: { code } })
})

test('§2.4.12 another failure waits for the heartbeat that is under way', async () => {
  const { orchestrator, worker } = await setup()
  worker.task('fail', () => ({ status: 'failure', error: { code: 'TRANSIENT_ERROR', message: 'no' } }))
  let answer = () => {}
  orchestrator.answers(
    'heartbeat',
    () =>
      new Promise((resolve) => {
        answer = () => resolve({ body: { status: 'ok' } })
      }),
  )
  const finished = nextEvent(worker, 'taskFinished')
  await worker.start()
  await orchestrator.next('heartbeat')
  orchestrator.endPoll(task({ type: 'fail' }))
  await finished
  await orchestrator.fence()
  expect(orchestrator.calls('result')).toEqual([])
  answer()
  expect((await orchestrator.answered('result')).body).toMatchObject({ error: { code: 'TRANSIENT_ERROR' } })
})

test('§2.6.1 a result is flat, timed, and has no metadata of its own', async () => {
  const { orchestrator, worker } = await setup()
  await worker.start()
  orchestrator.endPoll(task({ metadata: { tenant: 'x' } }))
  const { body, headers } = await orchestrator.answered('result')
  expect(body).toEqual({
    job_id: 'j1',
    task_id: 't1',
    worker_id: 'w1',
    origin_worker_id: 'w1',
    status: 'success',
    data: { x: 1 },
    costs: { execution_time_seconds: expect.any(Number) },
    timestamp: expect.any(Number),
    nonce: expect.any(String),
    security: { signature: expect.stringMatching(/^[0-9a-f]{64}$/), signer_id: 'w1' },
  })
  expect(headers['x-worker-id']).toBe('w1')
})

test('a result is delivered although its progress cannot be written', async () => {
  const { orchestrator, worker, said } = await setup()
  worker.task('tells', (_params, { progress }) => {
    progress(0.5)
    return { done: true }
  })
  const delivered = nextEvent(worker, 'resultDelivered')
  await worker.start()
  // The signed form of a message has no integers beyond 64 bits.
  orchestrator.endPoll(task({ type: 'tells', tracing_context: { span: 1e300 } }))
  expect((await orchestrator.answered('result')).body).toMatchObject({ status: 'success' })
  expect(await delivered).toEqual({ taskId: 't1', jobId: 'j1' })
  await said('Progress not sent')
  expect(worker.readiness.ready).toBe(true)
})
