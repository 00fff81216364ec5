import type { DevOrchestrator, OrchestratorOptions } from 'avtomatika-worker/dev'
import { describe, expect, it } from 'vitest'
import { rawClient, rawWorker, start } from './raw.js'

/** An orchestrator, a worker, and a task in its hands. */
const inHand = async (options: OrchestratorOptions = {}) => {
  const orchestrator = await start(options)
  const worker = rawWorker(orchestrator)
  await worker.register()
  const { id } = await orchestrator.createJob({ task: 'echo' })
  const { body: offer } = await worker.poll()
  return { orchestrator, worker, id, offer }
}

/** What the client API tells of a job. */
const seen = async (orchestrator: DevOrchestrator, id: string) => {
  const { body } = await rawClient(orchestrator).read(id)
  return [body.status, body.current_state, body.error_message]
}

describe('a result', () => {
  it.each([
    ['success', { status: 'success', data: { y: 1 } }, 'done', { y: 1 }],
    ['no status', { data: { y: 1 } }, 'done', { y: 1 }],
    ['nothing', {}, 'done', {}],
    ['data that is no object', { status: 'success', data: [1] }, 'done', {}],
    ['a status of the blueprint', { status: 'needs_manual_review', data: { y: 1 } }, 'review', { y: 1 }],
  ])('with %s moves the job', async (_what, result, state, history) => {
    const { orchestrator, worker, id, offer } = await inHand()
    const { status, body } = await worker.result(offer, result)
    expect([status, body]).toEqual([200, { status: 'result_accepted_success' }])
    expect(await seen(orchestrator, id)).toEqual(['running', state, undefined])
    expect(orchestrator.job(id)?.history).toEqual(history)
  })

  it('that says cancelled ends the job', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    const { status, body } = await worker.result(offer, { status: 'cancelled' })
    expect([status, body]).toEqual([200, { status: 'result_accepted_cancelled' }])
    expect(await seen(orchestrator, id)).toEqual(['running', 'cancelled_state', undefined])
  })

  it('with a status that nothing is made for fails the job', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    const { status, body } = await worker.result(offer, { status: 'odd', data: { y: 1 } })
    expect([status, body]).toEqual([200, { status: 'result_accepted_success' }])
    expect(await seen(orchestrator, id)).toEqual(['failed', 'start', 'Worker returned unhandled status: odd'])
    expect(orchestrator.job(id)?.history).toEqual({})
  })

  it('is merged into what earlier ones brought', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    await worker.result(offer, { data: { a: 1, b: 1 } })
    await worker.result(offer, { data: { b: 2 } })
    expect(orchestrator.job(id)?.history).toEqual({ a: 1, b: 2 })
  })

  it('delivered twice is taken twice, and moves the job again', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    await worker.result(offer, { status: 'odd' })
    const { status, body } = await worker.result(offer, { status: 'success' })
    expect([status, body]).toEqual([200, { status: 'result_accepted_success' }])
    expect((await seen(orchestrator, id)).slice(0, 2)).toEqual(['running', 'done'])
  })

  it.each([
    ['no ids', { worker_id: 'w1' }, 400, 'job_id and task_id are required'],
    [
      'an id that is no text',
      { worker_id: 'w1', job_id: ['a'], task_id: 't' },
      400,
      'job_id and task_id are required',
    ],
    [
      'a result that is no object',
      { worker_id: 'w1', job_id: 'j', task_id: 't', result: 5 },
      400,
      'Invalid JSON body',
    ],
    ['no JSON', 'nonsense', 400, 'Invalid JSON body'],
    ['no worker', { job_id: 'j', task_id: 't' }, 500, 'Could not identify authenticated worker.'],
    ['a job that is gone', { worker_id: 'w1', job_id: 'j', task_id: 't' }, 404, 'Job not found'],
  ])('is refused with %s', async (_what, sent, status, error) => {
    const answer = await rawWorker(await start()).send('POST', '/tasks/result', sent)
    expect([answer.status, answer.body]).toEqual([status, { error }])
  })

  it('that is longer than a mebibyte is refused, and the job goes on waiting', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    const { status, body } = await worker.result(offer, { data: { x: 'x'.repeat(1024 * 1024) } })
    expect([status, body]).toEqual([400, { error: 'Invalid JSON body' }])
    expect(orchestrator.job(id)?.status).toBe('waiting_for_worker')
  })
})

describe('a failure', () => {
  it('that is permanent quarantines the job', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    const error = { code: 'PERMANENT_ERROR', message: 'corrupt' }
    const { status, body } = await worker.result(offer, { status: 'failure', error })
    expect([status, body]).toEqual([200, { status: 'result_accepted_failure' }])
    const message = 'Task failed with permanent error: corrupt'
    expect(await seen(orchestrator, id)).toEqual(['quarantined', 'start', message])
  })

  it('for wrong input fails the job', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    await worker.result(offer, { status: 'failure', error: { code: 'INVALID_INPUT_ERROR', message: 'no x' } })
    const message = 'Task failed due to invalid input: no x'
    expect(await seen(orchestrator, id)).toEqual(['failed', 'start', message])
  })

  it.each([['TRANSIENT_ERROR'], ['ANYTHING_ELSE'], [undefined]])(
    'with the code %s is dispatched again under a new task id, three times, then quarantined',
    async (code) => {
      const { orchestrator, worker, id, offer } = await inHand()
      const taskIds = new Set([offer.task_id])
      let latest = offer
      for (let attempt = 1; attempt <= 3; attempt++) {
        const answer = await worker.result(latest, { status: 'failure', error: { code, message: 'busy' } })
        expect([answer.status, answer.body]).toEqual([200, { status: 'result_accepted_failure' }])
        latest = (await worker.poll()).body
        taskIds.add(latest.task_id)
        expect(orchestrator.job(id)).toMatchObject({ status: 'waiting_for_worker', retryCount: attempt })
      }
      await worker.result(latest, { status: 'failure', error: { code, message: 'busy' } })
      const message = 'Task failed after 4 attempts: busy'
      expect(await seen(orchestrator, id)).toEqual(['quarantined', 'start', message])
      expect(taskIds.size).toBe(4)
    },
  )

  it.each([
    ['text', 'text'],
    [{}, 'No error message provided.'],
    [undefined, 'No error message provided.'],
    [null, 'No error details provided.'],
  ])('that says %j is told as: %s', async (error, message) => {
    const { orchestrator, worker, id, offer } = await inHand({ maxRetries: 0 })
    await worker.result(offer, { status: 'failure', error })
    expect(orchestrator.job(id)?.errorMessage).toBe(`Task failed after 1 attempts: ${message}`)
  })

  it('that no worker can retry is answered 500, counts, and leaves the job to its time-out', async () => {
    const { orchestrator, worker, id, offer } = await inHand()
    await worker.heartbeat({ status: 'busy' })
    const { status, body } = await worker.result(offer, { status: 'failure', error: 'busy' })
    expect([status, body]).toEqual([500, expect.stringContaining('500 Internal Server Error')])
    expect(orchestrator.job(id)).toMatchObject({
      status: 'waiting_for_worker',
      retryCount: 1,
      taskId: offer.task_id,
    })
  })

  it('that no worker can retry ends with the time-out', async () => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    await worker.register()
    const { id } = await orchestrator.createJob({ task: 'echo', timeoutMs: 300 })
    const { body: offer } = await worker.poll()
    await worker.heartbeat({ status: 'busy' })
    await worker.result(offer, { status: 'failure', error: 'busy' })
    expect((await orchestrator.waitForJob(id)).errorMessage).toBe('Worker task timed out.')
  })
})
