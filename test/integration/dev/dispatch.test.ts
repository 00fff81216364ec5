import { describe, expect, it } from 'vitest'
import { rawWorker, start } from './raw.js'

describe('a job goes to a worker', () => {
  it.each([
    ['is busy', { status: 'busy' }],
    ['does not offer its task', { supported_tasks: ['other'] }],
    ['offers nothing', { supported_tasks: [] }],
    ['offers nonsense', { supported_tasks: 'echo' }],
  ])('but not to one that %s: it is quarantined', async (_what, more) => {
    const orchestrator = await start()
    await rawWorker(orchestrator).register(more)
    expect(await orchestrator.createJob({ task: 'echo' })).toMatchObject({
      status: 'quarantined',
      state: 'start',
      retryCount: 3,
      errorMessage: "No suitable workers for task type 'echo'",
    })
  })

  it('that is warm for the task, first', async () => {
    const orchestrator = await start()
    for (const id of ['cold1', 'warm', 'cold2']) {
      await rawWorker(orchestrator, id).register({ hot_cache: id === 'warm' ? ['echo'] : ['other'] })
    }
    const jobs = await Promise.all([1, 2, 3].map(() => orchestrator.createJob({ task: 'echo' })))
    expect(jobs.map(({ workerId }) => workerId)).toEqual(['warm', 'warm', 'warm'])
  })

  it('that costs least, then', async () => {
    const orchestrator = await start()
    await rawWorker(orchestrator, 'dear').register({ cost: 2 })
    await rawWorker(orchestrator, 'cheap').register({ cost: 1 })
    expect((await orchestrator.createJob({ task: 'echo' })).workerId).toBe('cheap')
  })

  it('and not always to the same among equals', async () => {
    const orchestrator = await start()
    await rawWorker(orchestrator, 'a').register()
    await rawWorker(orchestrator, 'b').register()
    const jobs = await Promise.all([1, 2].map(() => orchestrator.createJob({ task: 'echo' })))
    expect(jobs.map(({ workerId }) => workerId).sort()).toEqual(['a', 'b'])
  })
})

describe('a task that takes too long', () => {
  it('fails its job, and the late result is taken all the same', async () => {
    const orchestrator = await start({ taskTimeoutMs: 50 })
    const worker = rawWorker(orchestrator)
    await worker.register()
    const { id } = await orchestrator.createJob({ task: 'echo' })
    const { body: offer } = await worker.poll()
    const ended = await orchestrator.waitForJob(id)
    expect([ended.status, ended.errorMessage]).toEqual(['failed', 'Worker task timed out.'])
    expect((await worker.result(offer, { status: 'success' })).status).toBe(200)
    expect(orchestrator.job(id)?.state).toBe('done')
  })

  it('is not one that was answered in time', async () => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    await worker.register()
    const answered = await orchestrator.createJob({ task: 'echo', timeoutMs: 100 })
    await worker.result((await worker.poll()).body, { status: 'success' })
    const late = await orchestrator.createJob({ task: 'echo', timeoutMs: 100 })
    await orchestrator.waitForJob(late.id)
    expect(orchestrator.job(answered.id)?.status).toBe('running')
  })
})

describe('with waitForWorker, a job that no worker can take', () => {
  it('waits for one, the highest priority first', async () => {
    const orchestrator = await start({ waitForWorker: true })
    const low = await orchestrator.createJob({ task: 'echo', priority: 1 })
    const high = await orchestrator.createJob({ task: 'echo', priority: 2 })
    const other = await orchestrator.createJob({ task: 'other' })
    expect([low.status, high.status, other.status]).toEqual(['pending', 'pending', 'pending'])
    const worker = rawWorker(orchestrator)
    const poll = worker.poll()
    await worker.register()
    const got = [(await poll).body.job_id, (await worker.poll()).body.job_id]
    expect(got).toEqual([high.id, low.id])
    expect(orchestrator.job(other.id)?.status).toBe('pending')
  })

  it('waits for a heartbeat too, and through a retry', async () => {
    const orchestrator = await start({ waitForWorker: true })
    const worker = rawWorker(orchestrator)
    await worker.register()
    const { id } = await orchestrator.createJob({ task: 'echo' })
    const { body: offer } = await worker.poll()
    await worker.heartbeat({ status: 'busy' })
    const answer = await worker.result(offer, { status: 'failure', error: 'busy' })
    expect(answer.body).toEqual({ status: 'result_accepted_failure' })
    expect(orchestrator.job(id)).toMatchObject({ status: 'pending', retryCount: 1 })
    await worker.heartbeat({ status: 'idle' })
    expect((await worker.poll()).body.job_id).toBe(id)
  })

  it('can be cancelled at once', async () => {
    const orchestrator = await start({ waitForWorker: true })
    const { id } = await orchestrator.createJob({ task: 'echo' })
    expect(await orchestrator.cancelJob(id)).toBe('cancellation_request_accepted')
    expect((await orchestrator.waitForJob(id)).state).toBe('cancelled_state')
    const worker = rawWorker(orchestrator)
    await worker.register()
    const next = await orchestrator.createJob({ task: 'echo' })
    expect((await worker.poll()).body.job_id).toBe(next.id)
  })
})
