import type { DevOrchestrator, OrchestratorOptions, TaskEvent } from 'avtomatika-worker/dev'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { isSigned } from '../../support/interop/rxon-signing.js'
import { rxonWireWorker } from '../../support/interop/rxon-wire-worker.js'
import { cleanUp, start, WORKER_TOKEN } from './raw.js'

const ready = async (options: OrchestratorOptions = {}) => {
  const orchestrator = await start({ generation: 'rxon', secretKey: 'k', ...options })
  const worker = rxonWireWorker(orchestrator.url, WORKER_TOKEN, 'r1')
  await worker.register(['echo'])
  return { orchestrator, worker }
}

const socketOf = async ({ url }: DevOrchestrator, token = WORKER_TOKEN): Promise<WebSocket> => {
  const headers = { 'X-Worker-Token': token }
  const socket = new WebSocket(`${url.replace('http', 'ws')}/_worker/ws/r1`, { headers })
  cleanUp(() => socket.terminate())
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return socket
}

describe('a task', () => {
  it('carries what its job was given, all of it signed but the security', async () => {
    const { orchestrator, worker } = await ready()
    const metadata = { tenant: 'x' }
    const policy = { allowed_skills: ['echo'] }
    await orchestrator.createJob({ task: 'echo', metadata, policy, resultTimeoutMs: 60_000 })
    const task = await worker.take()
    expect(task).toMatchObject({ metadata, policy, deadline: expect.any(Number) })
    expect(isSigned(task.text, 'k')).toBe(true)
    const answer = await worker.report(task, { data: {}, metadata: { more: 1 } })
    expect(answer.status).toBe(200)
  })

  it('goes to the worker that is hot for it, then to the cheapest', async () => {
    const { orchestrator, worker } = await ready()
    const cheap = rxonWireWorker(orchestrator.url, WORKER_TOKEN, 'cheap')
    await cheap.register(['echo'], { capabilities: { cost_per_skill: { echo: 1 } } })
    expect((await orchestrator.createJob({ task: 'echo' })).workerId).toBe('cheap')
    await worker.heartbeat({ hot_skills: ['echo'] })
    expect((await orchestrator.createJob({ task: 'echo' })).workerId).toBe('r1')
  })

  it('is not given to a worker that failed too often, until it registers again', async () => {
    const { orchestrator, worker } = await ready()
    const error = { code: 'CONTRACT_VIOLATION_ERROR', message: 'no' }
    for (let failures = 0; failures < 4; failures++) {
      await orchestrator.createJob({ task: 'echo' })
      await worker.report(await worker.take(), { status: 'failure', error })
    }
    expect((await orchestrator.createJob({ task: 'echo' })).status).toBe('quarantined')
    await worker.register(['echo'])
    expect((await orchestrator.createJob({ task: 'echo' })).status).toBe('waiting_for_worker')
  })

  it('that takes too long is dispatched again', async () => {
    const { orchestrator, worker } = await ready()
    const { id } = await orchestrator.createJob({ task: 'echo', timeoutMs: 5 })
    const first = await worker.take()
    const second = await worker.take()
    expect([second.job_id, second.task_id !== first.task_id]).toEqual([id, true])
    expect(orchestrator.job(id)?.retryCount).toBeGreaterThan(0)
  })
})

describe('the answer to a result', () => {
  it.each([
    [{ data: {} }, 'success_transition'],
    [{ status: 'needs_manual_review' }, 'success_transition'],
    [{ status: 'unheard-of' }, 'unhandled_status_failure'],
    [{ status: 'failure', error: { code: 'INVALID_INPUT_ERROR', message: 'no' } }, 'failure_handled'],
    [{ status: 'cancelled' }, 'cancelled_handled'],
  ])('says how it was taken: %j', async (result, transition) => {
    const { orchestrator, worker } = await ready()
    await orchestrator.createJob({ task: 'echo' })
    const { body } = await worker.report(await worker.take(), result)
    expect(body).toEqual({ status: 'accepted', transition })
  })
})

describe('the rate limit', () => {
  it('counts each kind of message alone, and says so twice wrapped, without Retry-After', async () => {
    const { worker } = await ready({ rateLimit: { requests: 2, windowMs: 60_000 } })
    for (const status of [200, 200, 429, 429]) expect((await worker.heartbeat()).status).toBe(status)
    const refused = await worker.heartbeat({ status: 'idle' })
    expect(refused.body).toEqual({ error: '{"error": "Too Many Requests"}' })
    expect(refused.headers['retry-after']).toBeUndefined()
    expect((await worker.register(['echo'])).status).toBe(200)
  })
})

describe('the socket', () => {
  it('§2.7.2 brings the cancelling of a job to a worker that said in a heartbeat that it listens', async () => {
    const { orchestrator, worker } = await ready()
    const socket = await socketOf(orchestrator)
    const said = new Promise((resolve) =>
      socket.once('message', (bytes) => resolve(JSON.parse(String(bytes)))),
    )
    await worker.heartbeat({ capabilities: { websockets: true } })
    const { id } = await orchestrator.createJob({ task: 'echo' })
    const { task_id } = await worker.take()
    await orchestrator.cancelJob(id)
    expect(await said).toEqual({ command: 'cancel_task', task_id, job_id: id })
    expect(orchestrator.job(id)?.status).toBe('cancelled')
  })

  it('takes signed events, and says nothing to others', async () => {
    const { orchestrator, worker } = await ready()
    const socket = await socketOf(orchestrator)
    const { id } = await orchestrator.createJob({ task: 'echo' })
    const { task_id } = await worker.take()
    const heard = new Promise<TaskEvent>((resolve) => orchestrator.on('event', resolve))
    const target = { target_job_id: id, origin_task_id: task_id }
    const event = { ...target, event_type: 'note', payload: { text: 'é' } }
    socket.send(JSON.stringify({ ...worker.eventOf(event), event_type: 'changed' }))
    socket.send(JSON.stringify(worker.eventOf(event)))
    expect(await heard).toEqual({
      ...{ workerId: 'r1', jobId: id, taskId: task_id },
      ...{ type: 'note', payload: { text: 'é' } },
    })
  })

  it('is refused with 403', async () => {
    const { orchestrator } = await ready()
    await expect(socketOf(orchestrator, 'wrong')).rejects.toThrow('403')
  })
})

describe('a job without a worker', () => {
  it('waits for one, when it is to', async () => {
    const orchestrator = await start({ generation: 'rxon', waitForWorker: true })
    const worker = rxonWireWorker(orchestrator.url, WORKER_TOKEN, 'r1')
    const { id } = await orchestrator.createJob({ task: 'echo' })
    await worker.register(['echo'])
    expect((await worker.take()).job_id).toBe(id)
  })
})

describe('an individual token', () => {
  it('opens the door alone, and signs', async () => {
    const { orchestrator } = await ready({ workerTokens: { own: 'mine' } })
    const common = rxonWireWorker(orchestrator.url, WORKER_TOKEN, 'own')
    expect((await common.register(['x'])).body).toEqual({
      error: 'Unauthorized: Invalid individual worker token',
    })
    const own = rxonWireWorker(orchestrator.url, 'mine', 'own')
    expect((await own.register(['x'])).status).toBe(200)
  })
})
