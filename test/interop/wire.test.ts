import { expect, test } from 'vitest'
import { isDispatched, isDone, type JobState } from '../support/interop/client-api.js'
import { forEachOrchestrator } from '../support/interop/each-orchestrator.js'
import { wireWorker } from '../support/interop/wire-worker.js'

// Raw requests instead of a worker: what the embedded orchestrator answers is what the real one answers.
forEachOrchestrator('the wire', {}, (running) => {
  let workers = 0
  const newWorker = () => wireWorker(running().url, running().workerToken, `wire-${++workers}`)
  const taskName = () => `echo-${workers}`
  const dispatch = async () => {
    const id = await running().client.createJob({ type: taskName(), params: { x: 1 } })
    return running().client.waitForJob(id, isDispatched)
  }
  const registered = async () => {
    const worker = newWorker()
    await worker.register([taskName()])
    return worker
  }
  const settled = (job: JobState, hope: (job: JobState) => boolean) =>
    running().client.waitForJob(job.id, hope)

  test('a registration is answered and recorded', async () => {
    const worker = newWorker()
    expect(await worker.register([taskName()])).toEqual({ status: 200, body: { status: 'registered' } })
    const records = await running().client.workers()
    expect(records.find((record) => record.worker_id === worker.id)).toMatchObject({
      worker_type: 'wire',
      supported_tasks: [taskName()],
      max_concurrent_tasks: 10,
      resources: { cpu_cores: 1, gpu_info: null },
      capabilities: { websockets: true },
    })
  })

  test.each([
    ['no token', {}, 'Missing X-Worker-Token header'],
    ['a wrong token', { 'X-Worker-Token': 'nonsense' }, 'No valid token found'],
  ])('%s is refused', async (_, headers, reason) => {
    const worker = newWorker()
    for (const [method, path, body] of [
      ['POST', '/workers/register', { worker_id: worker.id }],
      ['PATCH', `/workers/${worker.id}`, { load: 1 }],
      ['GET', `/workers/${worker.id}/tasks/next`, undefined],
      ['POST', '/tasks/result', { worker_id: worker.id }],
    ] as const) {
      const answer = await worker.call(method, path, body, headers)
      expect(answer).toEqual({ status: 401, body: { error: expect.stringContaining(reason) } })
    }
  })

  test('a body that is no JSON is refused', async () => {
    const worker = newWorker()
    const refusal = { status: 400, body: { error: 'Invalid JSON body' } }
    expect(await worker.call('POST', '/workers/register', '{')).toEqual(refusal)
    expect(await worker.call('POST', '/tasks/result', '{')).toEqual(refusal)
  })

  test('a heartbeat merges into the record and is answered with it', async () => {
    const worker = await registered()
    const beat = { load: 4, status: 'busy', supported_tasks: [], hot_cache: ['m1'] }
    const answer = await worker.heartbeat(beat)
    expect(answer).toMatchObject({
      status: 200,
      body: { worker_id: worker.id, worker_type: 'wire', ...beat },
    })
    expect(await worker.heartbeat()).toEqual({ status: 200, body: { status: 'ttl_refreshed' } })
  })

  test('a heartbeat of a worker that is not known is answered 404', async () => {
    const worker = newWorker()
    const refusal = { status: 404, body: { error: 'Worker not found' } }
    expect(await worker.heartbeat({ load: 0 })).toEqual(refusal)
    expect(await worker.heartbeat()).toEqual(refusal)
  })

  test('a poll brings a task with its ids, name and params, and without a priority', async () => {
    const worker = await registered()
    const job = await dispatch()
    const task = await worker.take()
    expect(task).toEqual({
      job_id: job.id,
      task_id: job.current_task_id,
      type: taskName(),
      params: { x: 1 },
      tracing_context: expect.any(Object),
    })
  })

  test('a poll is held until a task comes, and ends empty otherwise', async () => {
    const worker = await registered()
    const [task, job] = await Promise.all([worker.take(), dispatch()])
    expect(task.job_id).toBe(job.id)
    expect(await worker.poll()).toBeUndefined()
  })

  test('open polls of one worker get a task each', async () => {
    const worker = await registered()
    const polls = [worker.take(), worker.take()]
    const jobs = [await dispatch(), await dispatch()]
    const taken = (await Promise.all(polls)).map((task) => task.job_id)
    expect(taken.toSorted()).toEqual(jobs.map((job) => job.id).toSorted())
  })

  test('a success moves the job and merges its data', async () => {
    const worker = await registered()
    const job = await dispatch()
    const answer = await worker.report(await worker.take(), { status: 'success', data: { y: 2 } })
    expect(answer).toEqual({ status: 200, body: { status: 'result_accepted_success' } })
    expect((await settled(job, isDone)).state_history).toEqual({ y: 2 })
  })

  test('a second delivery of a result is accepted like the first', async () => {
    const worker = await registered()
    const job = await dispatch()
    const task = await worker.take()
    const first = await worker.report(task, { status: 'success', data: { n: 1 } })
    await settled(job, isDone)
    expect(await worker.report(task, { status: 'success', data: { n: 2 } })).toEqual(first)
    expect((await settled(job, (now) => now.state_history['n'] === 2)).current_state).toBe('done')
  })

  test('a transient failure is dispatched again under a new task id', async () => {
    const worker = await registered()
    const job = await dispatch()
    const first = await worker.take()
    const error = { code: 'TRANSIENT_ERROR', message: 'try again' }
    const answer = await worker.report(first, { status: 'failure', error })
    expect(answer).toEqual({ status: 200, body: { status: 'result_accepted_failure' } })
    const second = await worker.take()
    expect(second.job_id).toBe(job.id)
    expect(second.task_id).not.toBe(first.task_id)
    expect(await running().client.job(job.id)).toMatchObject({ retry_count: 1, status: 'waiting_for_worker' })
  })

  test('a transient failure while no worker is idle is answered 500, and counts', async () => {
    const worker = await registered()
    const job = await dispatch()
    const task = await worker.take()
    await worker.heartbeat({ load: 1, status: 'busy', supported_tasks: [] })
    const result = { status: 'failure', error: { code: 'TRANSIENT_ERROR', message: 'try again' } }
    for (const attempt of [1, 2, 3]) {
      expect((await worker.report(task, result)).status).toBe(500)
      expect(await running().client.job(job.id)).toMatchObject({ retry_count: attempt })
    }
    expect((await worker.report(task, result)).status).toBe(200)
    expect(await running().client.job(job.id)).toMatchObject({ status: 'quarantined' })
  })

  test.each([
    ['PERMANENT_ERROR', 'quarantined', 'Task failed with permanent error: no'],
    ['INVALID_INPUT_ERROR', 'failed', 'Task failed due to invalid input: no'],
  ])('%s ends the job as %s', async (code, status, error_message) => {
    const worker = await registered()
    const job = await dispatch()
    await worker.report(await worker.take(), { status: 'failure', error: { code, message: 'no' } })
    expect(await settled(job, (now) => now.status === status)).toMatchObject({ error_message })
  })

  test('a status without a transition fails the job', async () => {
    const worker = await registered()
    const job = await dispatch()
    await worker.report(await worker.take(), { status: 'unheard_of' })
    const failed = await settled(job, (now) => now.status === 'failed')
    expect(failed.error_message).toBe('Worker returned unhandled status: unheard_of')
  })

  test('cancelled follows its transition', async () => {
    const worker = await registered()
    const job = await dispatch()
    const answer = await worker.report(await worker.take(), { status: 'cancelled' })
    expect(answer).toEqual({ status: 200, body: { status: 'result_accepted_cancelled' } })
    await settled(job, (now) => now.current_state === 'cancelled_state')
  })

  test('results that name no job, a job that is gone, or another worker are refused', async () => {
    const worker = await registered()
    const result = { status: 'success' }
    const send = (body: Record<string, unknown>) => worker.call('POST', '/tasks/result', body)
    expect(await send({ worker_id: worker.id, result })).toEqual({
      status: 400,
      body: { error: 'job_id and task_id are required' },
    })
    expect(await send({ job_id: 'gone', task_id: 't', worker_id: worker.id, result })).toEqual({
      status: 404,
      body: { error: 'Job not found' },
    })
  })

  test('a job whose task no idle worker has is quarantined, and never waits', async () => {
    const worker = await registered()
    await worker.heartbeat({ load: 1, status: 'busy', supported_tasks: [] })
    const id = await running().client.createJob({ type: taskName() })
    await running().client.waitForJob(id, (job) => job.status === 'quarantined')
    await worker.heartbeat({ load: 0, status: 'idle', supported_tasks: [taskName()] })
    expect(await worker.poll()).toBeUndefined()
  })

  test('a task that was queued for a worker waits for it, the highest priority first', async () => {
    const worker = await registered()
    const created: string[] = []
    for (const priority of [1, 9, 5]) {
      created.push(await running().client.createJob({ type: taskName(), priority }))
      await running().client.waitForJob(created.at(-1) ?? '', isDispatched)
    }
    const taken = [await worker.take(), await worker.take(), await worker.take()].map((task) => task.job_id)
    expect(taken).toEqual([created[1], created[2], created[0]])
  })
})
