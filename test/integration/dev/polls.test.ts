import { describe, expect, it } from 'vitest'
import { abandonPoll, rawWorker, roundTrip, start } from './raw.js'

const registered = async (options = {}) => {
  const orchestrator = await start(options)
  const worker = rawWorker(orchestrator)
  await worker.register()
  return { orchestrator, worker }
}

describe('a poll', () => {
  it('brings the task that waits', async () => {
    const { orchestrator, worker } = await registered()
    const job = await orchestrator.createJob({ task: 'echo', params: { x: 1 }, priority: 9 })
    const { status, body } = await worker.poll()
    expect(status).toBe(200)
    expect(body).toEqual({
      job_id: job.id,
      task_id: job.taskId,
      type: 'echo',
      params: { x: 1 },
      tracing_context: { traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/) },
    })
  })

  it('is held until a task comes', async () => {
    const { orchestrator, worker } = await registered()
    const poll = worker.poll()
    await roundTrip(orchestrator)
    const job = await orchestrator.createJob({ task: 'echo' })
    expect((await poll).body.job_id).toBe(job.id)
  })

  it('ends with 204 and nothing when the hold is over', async () => {
    const { worker } = await registered({ pollHoldMs: 20 })
    const { status, body, headers } = await worker.poll()
    expect([status, body, headers['content-type']]).toEqual([204, '', undefined])
  })

  it('does not ask whether the worker is known', async () => {
    const worker = rawWorker(await start({ pollHoldMs: 20 }), 'stranger')
    expect((await worker.poll()).status).toBe(204)
  })

  it('brings only what is queued for its own worker', async () => {
    const { orchestrator, worker } = await registered()
    const stranger = rawWorker(orchestrator, 'stranger').poll()
    await roundTrip(orchestrator)
    const job = await orchestrator.createJob({ task: 'echo' })
    expect((await worker.poll()).body.job_id).toBe(job.id)
    await orchestrator.close()
    expect((await stranger).status).toBe(204)
  })

  it('is served in turn, when there are several', async () => {
    const { orchestrator, worker } = await registered()
    const first = worker.poll()
    await roundTrip(orchestrator)
    const second = worker.poll()
    await roundTrip(orchestrator)
    const jobs = [
      await orchestrator.createJob({ task: 'echo' }),
      await orchestrator.createJob({ task: 'echo' }),
    ]
    const got = [(await first).body.job_id, (await second).body.job_id]
    expect(got).toEqual(jobs.map(({ id }) => id))
  })

  it('brings the highest priority first, and equals in turn', async () => {
    const { orchestrator, worker } = await registered()
    const create = (n: number, priority: number) =>
      orchestrator.createJob({ task: 'echo', params: { n }, priority })
    await create(1, 0)
    await create(2, 5)
    await create(3, 0.5)
    await create(4, 5)
    await create(5, -1)
    const order: number[] = []
    for (let n = 0; n < 5; n++) order.push((await worker.poll()).body.params.n)
    expect(order).toEqual([2, 4, 3, 1, 5])
  })
})

describe('a poll that its client abandoned', () => {
  it('waits on and swallows the next task; the one after it gets through', async () => {
    const { orchestrator, worker } = await registered()
    await abandonPoll(orchestrator)
    const swallowed = await orchestrator.createJob({ task: 'echo' })
    const second = await orchestrator.createJob({ task: 'echo' })
    expect((await worker.poll()).body.job_id).toBe(second.id)
    expect(orchestrator.job(swallowed.id)?.status).toBe('waiting_for_worker')
  })

  it('is served before a poll that came after it', async () => {
    const { orchestrator, worker } = await registered()
    await abandonPoll(orchestrator)
    const successor = worker.poll()
    await roundTrip(orchestrator)
    await orchestrator.createJob({ task: 'echo' })
    const second = await orchestrator.createJob({ task: 'echo' })
    expect((await successor).body.job_id).toBe(second.id)
  })

  it('leaves a job that the time-out of its task ends', async () => {
    const { orchestrator } = await registered()
    await abandonPoll(orchestrator)
    const { id } = await orchestrator.createJob({ task: 'echo', timeoutMs: 20 })
    const ended = await orchestrator.waitForJob(id)
    expect([ended.status, ended.errorMessage]).toEqual(['failed', 'Worker task timed out.'])
  })
})
