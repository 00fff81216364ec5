import { Worker, WorkerConfig } from 'avtomatika-worker'
import { startOrchestrator } from 'avtomatika-worker/dev'
import { expect, it, onTestFinished } from 'vitest'

const TOKEN = 'of-the-client'

const start = async (options = {}) => {
  const orchestrator = await startOrchestrator({ clientToken: TOKEN, waitForWorker: true, ...options })
  onTestFinished(() => orchestrator.close())
  const { url } = orchestrator
  const open = async () => {
    const body = JSON.stringify({ token: TOKEN })
    const answer = await fetch(`${url}/_page/session`, { method: 'POST', body, headers: { origin: url } })
    return answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  }
  const cookie = await open()
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/_page/${path}`, { ...init, headers: { cookie, ...init.headers } })
  const post = (path: string, body: object = {}) =>
    call(path, { method: 'POST', body: JSON.stringify(body), headers: { origin: url } })
  return { orchestrator, url, cookie, call, post }
}

const work = async (url: string, variables: object = {}) => {
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: url,
    WORKER_ID: 'w1',
    LOG_LEVEL: 'silent',
    ...variables,
  })
  const worker = new Worker({ workerType: 'tester', config })
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
  worker.task('double', ({ n }) => ({ doubled: 2 * Number(n) }))
  await worker.start()
  return worker
}

interface Event {
  readonly id: string | undefined
  readonly name: string
  readonly data: Record<string, unknown> & { rows: { id: string; status: string; worker?: string }[] }
}

const eventIn = (text: string): Event => {
  const [, id] = /^id: (.*)$/m.exec(text) ?? []
  const [, name = ''] = /^event: (.*)$/m.exec(text) ?? []
  const [, data = '{}'] = /^data: (.*)$/m.exec(text) ?? []
  return { id, name, data: JSON.parse(data) }
}

async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Event, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    const parts = `${text}${decoder.decode(chunk, { stream: true })}`.split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts.map(eventIn)) if (part.name !== '') yield part
  }
  return undefined
}

/** Reads the events of a stream, until one fits. */
const listen = async (call: (path: string, init?: RequestInit) => Promise<Response>, lastId?: string) => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const headers = lastId === undefined ? {} : { 'last-event-id': lastId }
  const { body } = await call('events', { signal: stop.signal, headers })
  const events = eventsOf(body as AsyncIterable<Uint8Array>)
  const seen: Event[] = []
  const until = async (fits: (event: Event) => boolean): Promise<Event> => {
    for (;;) {
      const { value, done } = await events.next()
      if (done) throw new Error('the stream has ended')
      seen.push(value)
      if (fits(value)) return value
    }
  }
  return { seen, until, stop: () => stop.abort() }
}

const isComplete = ({ data }: Event) => data['isComplete'] === true

it('gives everybody the page, under a policy that forbids inline code', async () => {
  const { url } = await start()
  const answer = await fetch(`${url}/`)
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const policy = answer.headers.get('content-security-policy')
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
  expect(policy).not.toContain('unsafe')
  const html = await answer.text()
  expect(html).not.toMatch(/<script(?![^>]*src=)|style=|https?:\/\//)
  expect(html).not.toContain(TOKEN)
})

it.each(['../index.js', '%2e%2e/index.js', 'types.js', '..%2findex.js'])(
  'has no file %s outside of its folder',
  async (path) => {
    const { url } = await start()
    expect((await fetch(`${url}/_page/files/${path}`)).status).toBe(404)
  },
)

it('opens a session with the token, and keeps the token out of the cookie', async () => {
  const { url, cookie } = await start()
  const body = JSON.stringify({ token: TOKEN })
  const answer = await fetch(`${url}/_page/session`, { method: 'POST', body })
  expect(answer.headers.get('set-cookie')).toMatch(
    /^avtomatika_page_\d+=[0-9a-f]{64}; Path=\/_page; HttpOnly; SameSite=Strict$/,
  )
  expect(cookie).not.toContain(TOKEN)
})

it.each([{}, { token: '' }, { token: 'guessed' }, { token: 7 }, []])('opens none with %j', async (body) => {
  const { url } = await start()
  const answer = await fetch(`${url}/_page/session`, { method: 'POST', body: JSON.stringify(body) })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([401, null])
})

const PATHS = [
  ['GET', 'session'],
  ['GET', 'events'],
  ['GET', 'tasks'],
  ['GET', 'jobs/1'],
  ['POST', 'jobs'],
  ['POST', 'jobs/1/cancel'],
  ['POST', 'clear'],
  ['POST', 'forget-workers'],
  ['POST', 'faults'],
  ['POST', 'faults/stop'],
] as const

it.each(PATHS)('refuses %s %s without a session, and from another page with one', async (method, path) => {
  const { orchestrator, url, cookie } = await start()
  const { id } = await orchestrator.createJob({ task: 'kept' })
  const ask = async (headers: Record<string, string>) =>
    (await fetch(`${url}/_page/${path}`, { method, headers, ...(method === 'POST' && { body: '{}' }) }))
      .status
  expect(await ask({})).toBe(401)
  expect(await ask({ cookie: `${cookie}0` })).toBe(401)
  // Another local server has the same site, so a browser sends it the cookie.
  expect(await ask({ cookie, origin: 'http://127.0.0.1:1' })).toBe(403)
  expect(await ask({ cookie, 'sec-fetch-site': 'same-site' })).toBe(403)
  expect(orchestrator.job(id)?.status).toBe('pending')
  expect(orchestrator.jobs()).toHaveLength(1)
})

it('sends a snapshot, then changes, and after a break only what was missed', async () => {
  const { orchestrator, call } = await start()
  const first = await orchestrator.createJob({ task: 'a' })
  const one = await listen(call)
  await one.until(isComplete)
  expect(one.seen[0]).toMatchObject({ name: 'hello', data: { isSnapshot: true } })
  expect(one.seen[1]?.data.rows).toMatchObject([{ id: first.id, task: 'a', status: 'waiting' }])
  const second = await orchestrator.createJob({ task: 'b' })
  const change = await one.until(({ name }) => name === 'jobs')
  expect(change.data.rows).toMatchObject([{ id: second.id }])
  one.stop()
  const third = await orchestrator.createJob({ task: 'c' })
  const two = await listen(call, change.id)
  const missed = await two.until(({ name }) => name === 'jobs')
  expect(two.seen[0]).toMatchObject({ name: 'hello', data: { isSnapshot: false } })
  expect(missed.data.rows).toMatchObject([{ id: third.id }])
})

it.each(['', 'other.0', 'other.1', 'nonsense', '99'])(
  'sends everything anew after an id of another process: "%s"',
  async (id) => {
    const { orchestrator, call } = await start()
    const job = await orchestrator.createJob({ task: 'a' })
    const { until, seen } = await listen(call, id)
    await until(isComplete)
    expect(seen[0]).toMatchObject({ name: 'hello', data: { isSnapshot: true } })
    expect(seen[1]?.data.rows).toMatchObject([{ id: job.id }])
  },
)

it.each(['classic', 'rxon'])('shows a job from its creation to its end: %s', async (generation) => {
  const { orchestrator, url, call, post } = await start()
  await work(url, { ORCHESTRATOR_PROTOCOL: generation })
  await orchestrator.waitForWorker('double')
  const sent = await post('jobs', { task: 'double', params: { n: 21 } })
  expect(sent.status).toBe(201)
  const { ids } = (await sent.json()) as { ids: string[] }
  const [id = ''] = ids
  await orchestrator.waitForJob(id)
  const detail = (await (await call(`jobs/${id}`)).json()) as Record<string, unknown>
  expect(detail).toMatchObject({ status: 'done', worker: 'w1', attempt: 1, task: 'double' })
  expect(JSON.parse(String(detail['result']))).toEqual({ doubled: 42 })
  const kinds = (detail['timeline'] as { kind: string }[]).map(({ kind }) => kind)
  expect(kinds).toEqual(['created', 'queued', 'started', 'ended'])
})

it('keeps all digits of large integers', async () => {
  const { orchestrator, url, call } = await start()
  const body = '{"task": "a", "params": {"n": 9007199254740993}}'
  const { ids } = (await (await call('jobs', { method: 'POST', body, headers: { origin: url } })).json()) as {
    ids: string[]
  }
  expect(orchestrator.job(ids[0] ?? '')?.params['n']).toBe(9007199254740993n)
  const { params } = (await (await call(`jobs/${ids[0]}`)).json()) as { params: string }
  expect(params).toContain('9007199254740993')
})

it.each([
  [{ params: {} }, 'the type of the task must be a text that is not empty'],
  [{ task: 'a', params: [] }, 'params must be an object'],
  [{ task: 'a', count: 0 }, 'count must be a whole number from 1 to 10000'],
  [{ task: 'a', count: 1.5 }, 'count must be a whole number from 1 to 10000'],
  [{ task: 'a', timeoutMs: -1 }, 'the time-out must be a number above 0'],
])('refuses to send %j', async (body, error) => {
  const { orchestrator, post } = await start()
  const answer = await post('jobs', body)
  expect([answer.status, await answer.json()]).toEqual([400, { error }])
  expect(orchestrator.jobs()).toEqual([])
})

it('sends many, cancels, and clears what has ended', async () => {
  const { orchestrator, call, post } = await start()
  const { ids } = (await (await post('jobs', { task: 'a', count: 3 })).json()) as { ids: string[] }
  expect(ids).toHaveLength(3)
  const { until } = await listen(call)
  await until(isComplete)
  expect((await post(`jobs/${ids[0]}/cancel`)).status).toBe(200)
  expect(await (await post('clear')).json()).toEqual({ cleared: 1 })
  expect(orchestrator.jobs().map(({ id }) => id)).toEqual([ids[2], ids[1]])
  const gone = await until(({ data }) => (data['gone'] as string[])?.length > 0)
  expect(gone.data['gone']).toEqual([ids[0]])
})

it('tells why a job does not start', async () => {
  const { orchestrator, url, call } = await start()
  const { id } = await orchestrator.createJob({ task: 'dubble' })
  const why = async () => ((await (await call(`jobs/${id}`)).json()) as { why: string }).why
  expect(await why()).toBe('No worker is connected. Start a worker that offers "dubble".')
  await work(url)
  await orchestrator.waitForWorker('double')
  expect(await why()).toBe('No worker offers "dubble": did you mean "double"?')
})

it('shows the log lines of a job, and no others', async () => {
  const { orchestrator, call } = await start()
  const { id } = await orchestrator.createJob({ task: 'a' })
  orchestrator.recordLog(JSON.stringify({ level: 40, time: 5, jobId: id, msg: 'careful', size: 3 }))
  orchestrator.recordLog(JSON.stringify({ level: 30, time: 6, msg: 'about no job' }))
  orchestrator.recordLog(JSON.stringify({ level: 30, time: 6, jobId: 'another', msg: 'about another' }))
  for (const line of ['', 'text', '{', '[]', 'null', '{"jobId": 3}']) orchestrator.recordLog(line)
  const { logs } = (await (await call(`jobs/${id}`)).json()) as { logs: object[] }
  expect(logs).toEqual([{ atMs: 5, level: 'warn', text: 'careful {"size":3}' }])
})

it('offers the tasks of the workers with their schemas, and forgets the workers', async () => {
  const { orchestrator, url, call, post } = await start()
  await work(url, { ORCHESTRATOR_PROTOCOL: 'rxon' })
  await orchestrator.waitForWorker('double')
  expect(await (await call('tasks')).json()).toMatchObject([{ name: 'double' }])
  expect((await post('forget-workers')).status).toBe(204)
  expect(orchestrator.workers()).toEqual([])
})

it('starts faults, shows them, and stops them', async () => {
  const { orchestrator, call, post } = await start()
  const { until } = await listen(call)
  expect((await post('faults', { name: '429', forMs: 60_000 })).status).toBe(204)
  const { data } = await until(({ data }) => (data['faults'] as object[])?.length > 0)
  expect(data['faults']).toEqual([{ name: '429', hits: 0, forMs: 60_000, leftMs: expect.any(Number) }])
  expect((await post('faults/stop')).status).toBe(204)
  expect(orchestrator.faults.active).toEqual([])
})

it.each([{}, { name: 'unknown' }, { name: '429', forMs: -1 }, []])(
  'starts no fault with %j',
  async (body) => {
    const { orchestrator, post } = await start()
    expect((await post('faults', body)).status).toBe(400)
    expect(orchestrator.faults.active).toEqual([])
  },
)

it('ends its streams when the orchestrator closes', async () => {
  const { orchestrator, call } = await start()
  const { until } = await listen(call)
  await until(isComplete)
  await orchestrator.close()
  await expect(until(() => false)).rejects.toThrow()
})

it('gives a job a deadline by the clock of the orchestrator, which can be moved', async () => {
  const { orchestrator, post } = await start()
  orchestrator.advanceClock(3_600_000)
  const { ids } = (await (await post('jobs', { task: 'a', resultTimeoutMs: 1_000 })).json()) as {
    ids: string[]
  }
  const { deadline = 0 } = orchestrator.job(ids[0] ?? '')?.extras ?? {}
  expect(deadline * 1_000).toBeGreaterThan(Date.now() + 3_000_000)
})
