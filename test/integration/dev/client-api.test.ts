import { describe, expect, it } from 'vitest'
import { call, rawClient, rawWorker, start } from './raw.js'

describe('the client API', () => {
  it('creates a job of one task, and shows it', async () => {
    const orchestrator = await start()
    const worker = rawWorker(orchestrator)
    await worker.register()
    const client = rawClient(orchestrator)
    const initial = { type: 'echo', params: { x: 1 }, priority: 2, timeout_seconds: 5 }
    const { status, body } = await client.create(initial)
    expect([status, body]).toEqual([202, { status: 'accepted', job_id: expect.any(String) }])
    expect((await client.read(body.job_id)).body).toMatchObject({
      id: body.job_id,
      blueprint_name: 'one_task',
      status: 'waiting_for_worker',
      current_state: 'start',
      state_history: {},
      initial_data: initial,
      retry_count: 0,
      task_worker_id: 'w1',
    })
    expect(orchestrator.job(body.job_id)?.timeoutMs).toBe(5_000)
  })

  it('takes the body itself for the initial data, and passes the trace on', async () => {
    const orchestrator = await start()
    await rawWorker(orchestrator).register()
    const traceId = 'a'.repeat(32)
    const { body } = await call(`${orchestrator.url}/api/v1/jobs/one_task`, 'POST', {
      headers: {
        'x-avtomatika-token': orchestrator.clientToken,
        traceparent: `00-${traceId}-${'b'.repeat(16)}-01`,
      },
      body: { type: 'echo' },
    })
    const job = orchestrator.job(body.job_id)
    expect(job?.tracingContext['traceparent']).toMatch(new RegExp(`^00-${traceId}-(?!b{16})`))
  })

  it.each([
    ['no JSON', 'nonsense', 'Invalid JSON body'],
    ['a list', [], 'Invalid JSON body'],
    ['initial data that are no object', { initial_data: 5 }, 'initial_data must be an object'],
    ['no type', {}, 'the type of the task must be a text that is not empty'],
    ['a list for params', { initial_data: { type: 'echo', params: [] } }, 'params must be an object'],
    ['a text for a priority', { initial_data: { type: 'echo', priority: '1' } }, 'priority must be a number'],
    [
      'a time-out that is over at once',
      { initial_data: { type: 'echo', timeout_seconds: 0 } },
      'the time-out must be a number above 0',
    ],
  ])('refuses a job with %s', async (_what, sent, error) => {
    const { status, body } = await rawClient(await start()).send('POST', '/jobs/one_task', sent)
    expect([status, body]).toEqual([400, { error }])
  })

  it('lists jobs by pages, the newest first', async () => {
    const orchestrator = await start()
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.unshift((await orchestrator.createJob({ task: 'echo' })).id)
    const client = rawClient(orchestrator)
    const listed = async (query: string) => {
      const { body } = await client.send('GET', `/jobs${query}`)
      return body.map(({ id }: { id: string }) => id)
    }
    expect(await listed('')).toEqual(ids)
    expect(await listed('?limit=1&offset=1')).toEqual([ids[1]])
    expect(orchestrator.jobs().map(({ id }) => id)).toEqual(ids)
    const { status, body } = await client.send('GET', '/jobs?limit=x')
    expect([status, body]).toEqual([400, { error: 'Invalid limit/offset parameter' }])
  })

  it.each([
    ['missing', null, 'Missing X-Avtomatika-Token header'],
    ['wrong', 'wrong', 'Unauthorized: Invalid token'],
  ])('answers 401 when the token is %s', async (_what, token, error) => {
    const client = rawClient(await start(), token)
    for (const path of ['/jobs', '/workers', '/jobs/x', '/nope']) {
      const { status, body } = await client.send('GET', path)
      expect([status, body]).toEqual([401, { error }])
    }
  })

  it.each([
    ['GET', '/api/v1/nope', 404, '404: Not Found'],
    ['GET', '/api/v1/jobs/none', 404, { error: 'Job not found' }],
    ['GET', '/api/v1/jobs/none/cancel', 405, '405: Method Not Allowed'],
    ['POST', '/api/v1/jobs/none/cancel', 404, { error: 'Job not found' }],
    ['GET', '/nope', 404, '404: Not Found'],
    ['GET', '/_public/status', 200, { status: 'ok' }],
  ] as const)('answers %s %s with %i', async (method, path, status, expected) => {
    const { url, clientToken } = await start()
    const { body, ...answer } = await call(`${url}${path}`, method, {
      headers: { 'x-avtomatika-token': clientToken },
    })
    expect([answer.status, body]).toEqual([status, expected])
  })
})
