import { gunzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { call, rawWorker, start, WORKER_TOKEN } from './raw.js'

describe('a heartbeat', () => {
  it('merges into the record and is answered with all of it', async () => {
    const worker = rawWorker(await start())
    await worker.register({ hostname: 'h' })
    await worker.heartbeat({ load: 1, status: 'busy' })
    const { status, body } = await worker.heartbeat({
      status: 'idle',
      hot_cache: ['m1'],
      supported_tasks: [],
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      worker_id: 'w1',
      hostname: 'h',
      load: 1,
      status: 'idle',
      hot_cache: ['m1'],
      supported_tasks: [],
    })
  })

  it.each([
    ['nothing', undefined],
    ['an empty object', {}],
    ['null', 'null'],
    ['no JSON', 'nonsense'],
    ['too much', { x: 'x'.repeat(1024 * 1024) }],
  ])('with %s only renews the time to live', async (_what, sent) => {
    const worker = rawWorker(await start())
    await worker.register()
    const { status, body } = await worker.heartbeat(sent)
    expect([status, body]).toEqual([200, { status: 'ttl_refreshed' }])
  })

  it('that cannot be merged is refused', async () => {
    const worker = rawWorker(await start())
    await worker.register()
    const { status, body } = await worker.heartbeat([1])
    expect([status, body]).toEqual([400, { error: 'Invalid JSON body' }])
  })

  it.each([[undefined], [{ load: 1 }]])('of an unknown worker is answered 404 (%j)', async (sent) => {
    const { status, body } = await rawWorker(await start()).heartbeat(sent)
    expect([status, body]).toEqual([404, { error: 'Worker not found' }])
  })

  it('cannot reach the prototype of anything', async () => {
    const worker = rawWorker(await start())
    await worker.register()
    await worker.heartbeat('{"__proto__":{"polluted":true}}')
    expect({}).not.toHaveProperty('polluted')
  })

  it('is packed when it is long and the client accepts that', async () => {
    const orchestrator = await start()
    await rawWorker(orchestrator).register({ x: 'x'.repeat(600) })
    const headers = { 'x-worker-token': WORKER_TOKEN, 'accept-encoding': 'gzip' }
    const url = `${orchestrator.url}/_worker/workers/w1`
    const long = await call(url, 'PATCH', { body: { load: 1 }, headers })
    expect(long.headers['content-encoding']).toBe('gzip')
    expect(JSON.parse(gunzipSync(long.body).toString())).toMatchObject({ load: 1 })
    const short = await call(url, 'PATCH', { body: '{}', headers })
    expect(short.headers['content-encoding']).toBeUndefined()
  })
})

describe('the time to live of a worker', () => {
  const afterMs = (ms: number) => vi.advanceTimersByTime(ms)
  const began = async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const orchestrator = await start({ workerTtlMs: 1_000 })
    const worker = rawWorker(orchestrator)
    await worker.register()
    return { orchestrator, worker }
  }

  it('ends: the worker is forgotten, gets no job, and can register again', async () => {
    const { orchestrator, worker } = await began()
    afterMs(1_001)
    expect((await worker.heartbeat({ load: 1 })).status).toBe(404)
    expect(orchestrator.workers()).toEqual([])
    expect((await orchestrator.createJob({ task: 'echo' })).status).toBe('quarantined')
    await worker.register()
    expect((await orchestrator.createJob({ task: 'echo' })).status).toBe('waiting_for_worker')
  })

  it.each([[undefined], [{ load: 1 }]])('is renewed by a heartbeat (%j)', async (sent) => {
    const { worker } = await began()
    afterMs(900)
    await worker.heartbeat(sent)
    afterMs(900)
    expect((await worker.heartbeat(sent)).status).toBe(200)
  })

  it('is not renewed by polls', async () => {
    const { orchestrator, worker } = await began()
    await orchestrator.createJob({ task: 'echo' })
    afterMs(900)
    await worker.poll()
    afterMs(200)
    expect((await worker.heartbeat()).status).toBe(404)
  })

  it('ends for all when they are forgotten; what was queued for them stays', async () => {
    const { orchestrator, worker } = await began()
    const { id } = await orchestrator.createJob({ task: 'echo' })
    orchestrator.forgetWorkers()
    expect((await worker.heartbeat()).status).toBe(404)
    expect((await worker.poll()).body).toMatchObject({ job_id: id })
  })
})
