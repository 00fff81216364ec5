import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { JobClient, type JobRef } from 'avtomatika-worker/client'
import type { AnsweredRequest, DevOrchestrator } from 'avtomatika-worker/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { GENERATIONS } from '../../support/generations.js'
import { Inbox } from '../../support/inbox.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { gate, testWorker } from '../../support/test-worker.js'

const isRefusal = ({ status }: AnsweredRequest) => status === 401

const clientOf = ({ url, clientToken: token }: Pick<DevOrchestrator, 'url' | 'clientToken'>) => {
  const client = new JobClient({ url, token })
  onTestFinished(() => client.close())
  return client
}

const start = async (generation: 'classic' | 'rxon' | 'auto' = 'auto', options = {}) => {
  const orchestrator = await testOrchestrator({ generation, waitForWorker: false, ...options })
  return { orchestrator, client: clientOf(orchestrator) }
}

/** A server that is no orchestrator, or a broken one. */
const serve = async (answer: RequestListener) => {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  onTestFinished(() => server.closeAllConnections())
  return clientOf({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientToken: 'token-12345',
  })
}

const failure = (promise: Promise<unknown>): Promise<Error & { code?: string; status?: number }> =>
  promise.then(
    () => {
      throw new Error('it succeeded')
    },
    (error) => error,
  )

describe.each(GENERATIONS)('a client, and a worker of %s', (generation) => {
  const withWorker = async () => {
    const { orchestrator, client } = await start(generation)
    const { worker } = testWorker({
      url: orchestrator.url,
      variables: {
        ORCHESTRATOR_PROTOCOL: generation,
        WORKER_TOKEN: orchestrator.workerToken,
        WORKER_ENABLE_WEBSOCKETS: true,
      },
    })
    return { orchestrator, client, worker }
  }

  test('gets the result of a job', async () => {
    const { orchestrator, client, worker } = await withWorker()
    worker.task('double', ({ n }) => ({ doubled: n * 2, unit: 'px' }))
    await worker.start()
    await orchestrator.waitForWorker('double')
    const job = await client.create('double', { n: 21 })
    expect(await client.wait(job)).toMatchObject({
      id: job.id,
      outcome: 'finished',
      result: { doubled: 42, unit: 'px' },
      error: undefined,
      retryCount: 0,
      workerId: 'w1',
    })
    expect((await client.get(job.id)).outcome).toBe('finished')
  })

  test('is told why a job failed', async () => {
    const { orchestrator, client, worker } = await withWorker()
    worker.task('refuse', () => ({ error: { code: 'INVALID_INPUT_ERROR', message: 'no width' } }))
    await worker.start()
    await orchestrator.waitForWorker('refuse')
    const job = await client.create('refuse', {})
    expect(await client.wait(job)).toMatchObject({
      outcome: 'failed',
      result: undefined,
      error: expect.stringContaining('no width'),
    })
  })

  test('sees the progress, and each change once', async () => {
    const { orchestrator, client, worker } = await withWorker()
    const [half, end] = [gate(), gate()]
    worker.task('slow', async (_, { progress }) => {
      await half.opened
      progress(0.5, 'half')
      await end.opened
      return {}
    })
    await worker.start()
    await orchestrator.waitForWorker('slow')
    const job = await client.create('slow', {})
    const seen: unknown[] = []
    const states = new Inbox<string>()
    const ended = client.wait(job, {
      pollMs: 5,
      onProgress: (progress) => {
        seen.push(progress)
        end.open()
      },
      onChange: ({ status, progress }) => states.put(`${status} ${progress?.fraction}`),
    })
    expect(await states.next()).toBe('waiting_for_worker undefined')
    half.open()
    await ended
    expect(seen).toEqual([{ fraction: 0.5, message: 'half' }])
  })

  test('cancels a job that runs', async () => {
    const { orchestrator, client, worker } = await withWorker()
    const running = gate()
    worker.task('long', async (_, { signal }) => {
      running.open()
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await worker.start()
    await orchestrator.waitForWorker('long')
    const job = await client.create('long', {})
    await running.opened
    expect(await client.cancel(job)).toBe(generation === 'classic' ? 'sent' : 'accepted')
    expect((await client.wait(job)).outcome).toBe('cancelled')
    const error = await failure(client.cancel(job))
    expect(error.code).toBe(generation === 'classic' ? 'NOT_CANCELLABLE' : 'UNKNOWN_JOB')
  })
})

test('lists jobs, the newest first, and an empty list of the embedded orchestrator is one', async () => {
  const { client } = await start('auto', { waitForWorker: true })
  expect(await client.list()).toEqual([])
  const ids: string[] = []
  for (const n of [1, 2, 3]) ids.unshift((await client.create('any', { n })).id)
  expect((await client.list()).map(({ id }) => id)).toEqual(ids)
  expect((await client.list({ limit: 1, offset: 1 })).map(({ id }) => id)).toEqual([ids[1]])
})

test('an orchestrator without a history is told apart from one without jobs', async () => {
  const client = await serve((_, response) => response.end('[]'))
  const error = await failure(client.list())
  expect(error).toMatchObject({
    code: 'NO_JOB_LIST',
    message: expect.stringContaining('HISTORY_DATABASE_URI'),
  })
})

test('the history of a real orchestrator is read as jobs', async () => {
  const events = [
    {
      job_id: 'j2',
      state: 'start',
      event_type: 'state_started',
      context_snapshot: { id: 'j2', status: 'running' },
    },
    { job_id: 'j1', status: 'finished', blueprint_name: 'pictures' },
  ]
  const client = await serve((_, response) => response.end(JSON.stringify(events)))
  expect(await client.list()).toMatchObject([
    { id: 'j2', status: 'running', outcome: undefined },
    { id: 'j1', outcome: 'finished', blueprint: 'pictures' },
  ])
})

test('each request has the token under the names of both generations, and options of a job are sent', async () => {
  const seen: { headers: unknown; url: unknown; body: string }[] = []
  const client = await serve((request, response) => {
    void text(request).then((body) => {
      seen.push({ headers: request.headers, url: request.url, body })
      response.writeHead(202).end('{"job_id": "j1"}')
    })
  })
  const options = { metadata: { tenant: 'x' }, policy: { allowed_skills: ['a'] }, resultTimeoutMs: 1500 }
  await client.create(
    'resize',
    { w: 1 },
    { ...options, traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
  )
  await client.create('resize', { w: 1 }, { endpoint: 'pictures/all' })
  expect(seen[0]).toMatchObject({
    url: '/api/v1/jobs/resize',
    headers: {
      'x-avtomatika-token': 'token-12345',
      'x-client-token': 'token-12345',
      traceparent: expect.stringContaining('aaaa'),
    },
  })
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    initial_data: { w: 1 },
    metadata: { tenant: 'x' },
    policy: { allowed_skills: ['a'] },
    result_timeout: 1.5,
  })
  expect(seen[1]?.url).toBe('/api/v1/pictures/all')
})

test('integers beyond 2^53 keep their digits', async () => {
  const { orchestrator, client } = await start('auto', { waitForWorker: true })
  const { id } = await client.create('any', { n: 2n ** 60n })
  expect(orchestrator.job(id)?.params).toEqual({ n: 2n ** 60n })
})

describe('what goes wrong is said', () => {
  test.each<[string, (client: JobClient) => Promise<unknown>, object]>([
    ['an unknown job', (client) => client.get('none'), { code: 'UNKNOWN_JOB', status: 404 }],
    ['a wait for an unknown job', (client) => client.wait('none'), { code: 'UNKNOWN_JOB' }],
    ['the cancellation of an unknown job', (client) => client.cancel('none'), { code: 'UNKNOWN_JOB' }],
    [
      'an endpoint that no blueprint has',
      (client) => client.create('x', {}, { endpoint: '/nothing' }),
      { code: 'UNKNOWN_ENDPOINT', message: expect.stringContaining('no blueprint of this orchestrator') },
    ],
    ['params that are a list', (client) => client.create('x', [] as object), { name: 'TypeError' }],
    [
      'a timeout of nothing',
      (client) => client.create('x', {}, { resultTimeoutMs: 0 }),
      { message: expect.stringContaining('resultTimeoutMs must be') },
    ],
    ['a job without an id', (client) => client.get({} as JobRef), { name: 'TypeError' }],
  ])('%s', async (_what, act, expected) => {
    const { client } = await start()
    expect(await failure(act(client))).toMatchObject(expected)
  })

  test('a wrong token, which the message does not show', async () => {
    const { orchestrator } = await start('auto', { expects: isRefusal })
    const client = clientOf({ url: orchestrator.url, clientToken: 'the-token-of-somebody-else' })
    const error = await failure(client.create('x', {}))
    expect(error).toMatchObject({
      code: 'AUTH',
      status: 401,
      message: expect.stringContaining('clients.toml'),
    })
    expect(error.message).not.toContain('somebody')
  })

  test('a server that is no orchestrator', async () => {
    const client = await serve((_, response) => response.end('<html>Welcome</html>'))
    expect(await failure(client.get('j1'))).toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringContaining('is this an orchestrator?'),
    })
  })

  test.each(['{}', '[]', 'null', '{"id": 5}'])('an answer that is no job: %s', async (body) => {
    const client = await serve((_, response) => response.end(body))
    expect((await failure(client.get('j1'))).code).toBe('PROTOCOL')
  })

  test('a quota that is used up', async () => {
    const client = await serve((_, response) =>
      response.writeHead(429).end('{"error": "Quota exceeded or not configured"}'),
    )
    expect(await failure(client.create('x', {}))).toMatchObject({
      code: 'RATE_LIMIT',
      message: expect.stringMatching(/Quota exceeded.*monthly_attempts/),
    })
  })

  test('an orchestrator that is not there', async () => {
    const client = clientOf({ url: 'http://127.0.0.1:1', clientToken: 'x' })
    expect((await failure(client.create('x', {}))).code).toBe('UNREACHABLE')
  })

  test.each([
    ['url', { url: 'ftp://x', token: 'x' }],
    ['url', { url: 'http://user:secret-password@x', token: 'x' }],
    ['token', { url: 'http://x', token: '' }],
    ['token', { url: 'http://x', token: 'a\nb' }],
    ['apiPath', { url: 'http://x', token: 'x', apiPath: 'api v1' }],
    ['requestTimeoutMs', { url: 'http://x', token: 'x', requestTimeoutMs: 0 }],
  ])('a wrong %s', (name, options) => {
    expect(() => new JobClient(options)).toThrow(name)
    expect(() => new JobClient(options)).not.toThrow('secret-password')
  })
})

describe('a wait', () => {
  test('goes on over answers that may pass, and ends with the job', async () => {
    const answers: [status: number, body: string][] = [
      [503, 'starting'],
      [429, '{"error": "Too Many Requests"}'],
      [200, '{"id": "j1", "status": "running", "current_state": "start"}'],
      [200, '{"id": "j1", "status": "running", "current_state": "archived"}'],
    ]
    let count = 0
    const client = await serve((_, response) => {
      const [status, body] = answers[count++] ?? [500, 'asked too often']
      response.writeHead(status, { 'retry-after': '0' }).end(body)
    })
    const ended = client.wait('j1', { pollMs: 1, endStates: ['archived'] })
    expect(await ended).toMatchObject({ outcome: 'finished', state: 'archived' })
    expect(count).toBe(answers.length)
  })

  test('ends at its timeout, and says where the job is', async () => {
    const { client } = await start('auto', { waitForWorker: true })
    const job = await client.create('any', {})
    expect(await failure(client.wait(job, { timeoutMs: 1 }))).toMatchObject({
      code: 'TIMEOUT',
      jobId: job.id,
      message: expect.stringContaining('it is pending in the state "start"'),
    })
  })

  test('ends with its signal, also in mid-request', async () => {
    const asked = gate()
    const client = await serve(() => asked.open())
    const abort = new AbortController()
    const ended = failure(client.wait('j1', { signal: abort.signal }))
    await asked.opened
    abort.abort(new Error('enough'))
    expect((await ended).message).toBe('enough')
  })

  test('tells that a state may be an end state', async () => {
    const client = await serve((_, response) =>
      response.end('{"id": "j1", "status": "running", "current_state": "archived"}'),
    )
    expect((await failure(client.wait('j1', { timeoutMs: 1 }))).message).toContain('name it in endStates')
  })
})
