import { once } from 'node:events'
import type { FaultName, OrchestratorOptions } from 'avtomatika-worker/dev'
import { describe, expect, it } from 'vitest'
import { GENERATIONS, SUCCEEDED } from '../../support/generations.js'
import { Inbox } from '../../support/inbox.js'
import { testWorker } from '../../support/test-worker.js'
import { plainSocket, rawClient, rawWorker, roundTrip, start, WORKER_TOKEN } from './raw.js'

const withWorker = async (options: OrchestratorOptions = {}) => {
  const orchestrator = await start({ pollHoldMs: 60_000, ...options })
  const worker = rawWorker(orchestrator)
  await worker.register()
  return { orchestrator, worker, faults: orchestrator.faults }
}

const POLL = [
  'GET /_worker/workers/w1/tasks/next HTTP/1.1',
  'Host: localhost',
  `X-Worker-Token: ${WORKER_TOKEN}`,
]

/** Everything that comes back to a poll until the connection ends; `undefined` in place of its end if it was reset. */
const rawPoll = async (orchestrator: Parameters<typeof plainSocket>[0]) => {
  const socket = await plainSocket(orchestrator)
  let isReset = false
  socket.on('error', () => {
    isReset = true
  })
  const chunks: string[] = []
  const first = new Promise((resolve) => socket.once('data', resolve))
  socket.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(`${POLL.join('\r\n')}\r\n\r\n`)
  return { socket, first, closed, said: () => chunks.join(''), isReset: () => isReset }
}

describe('a fault of the embedded orchestrator', () => {
  it.each([
    ['401', 401],
    ['429', 429],
    ['500', 500],
    ['elsewhere', 200],
  ] as const)('%s answers with %i, and only the routes that it is about', async (name, status) => {
    const { orchestrator, worker, faults } = await withWorker()
    const fault = faults.start(name, { routes: ['heartbeat'], retryAfterSeconds: 7 })
    const answer = await worker.heartbeat({ status: 'idle' })
    expect(answer.status).toBe(status)
    expect(answer.headers['retry-after']).toBe(name === '429' ? '7' : undefined)
    expect((await worker.register()).status).toBe(200)
    expect((await rawClient(orchestrator).send('GET', '/workers')).status).toBe(200)
    expect(fault).toMatchObject({ name, hits: 1, isActive: true })
    fault.stop()
    expect((await worker.heartbeat({ status: 'idle' })).status).toBe(200)
    expect([fault.hits, fault.isActive, faults.active]).toEqual([1, false, []])
  })

  it('hits the client API if it is asked to', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    faults.start('500', { routes: ['client'] })
    expect((await rawClient(orchestrator).send('GET', '/workers')).status).toBe(500)
    expect((await worker.heartbeat()).status).toBe(200)
  })

  it('half-open never answers: neither a new request nor a poll that is held', async () => {
    const { orchestrator, faults } = await withWorker()
    const held = await rawPoll(orchestrator)
    await roundTrip(orchestrator)
    const fault = faults.start('half-open')
    await orchestrator.createJob({ task: 'echo' })
    const later = await rawPoll(orchestrator)
    await roundTrip(orchestrator)
    expect(fault.hits).toBe(2)
    fault.stop()
    await roundTrip(orchestrator)
    expect([held.said(), later.said()]).toEqual(['', ''])
    await orchestrator.close()
    await Promise.all([held.closed, later.closed])
  })

  it('cut resets the connections of now, and later ones with their first request', async () => {
    const { orchestrator, faults, worker } = await withWorker()
    const held = await rawPoll(orchestrator)
    await roundTrip(orchestrator)
    faults.start('cut')
    await held.closed
    const later = await rawPoll(orchestrator)
    await later.closed
    expect([held.isReset(), later.isReset()]).toEqual([true, true])
    faults.stop('cut')
    expect((await worker.heartbeat()).status).toBe(200)
  })

  it('reset-mid-body sends half of an answer', async () => {
    const { orchestrator, faults } = await withWorker()
    faults.start('reset-mid-body', { times: 1 })
    const { id } = await orchestrator.createJob({ task: 'echo', params: { long: 'x'.repeat(2_000) } })
    const poll = await rawPoll(orchestrator)
    await poll.closed
    expect(poll.said()).toContain(id)
    expect(poll.said()).not.toContain('tracing_context')
  })

  it('lost-acknowledgement acts on a result, and answers nothing', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    await orchestrator.createJob({ task: 'echo' })
    const { body: offer } = await worker.poll()
    faults.start('lost-acknowledgement', { times: 1 })
    await expect(worker.result(offer, { status: 'success', data: { a: 1 } })).rejects.toThrow()
    expect(orchestrator.job(offer.job_id)).toMatchObject({ state: 'done', history: { a: 1 } })
    expect((await worker.result(offer, { status: 'success', data: { a: 1 } })).status).toBe(200)
  })

  it('bad-json breaks the answer, and not its length', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    await orchestrator.createJob({ task: 'echo' })
    faults.start('bad-json', { times: 1 })
    const { status, body } = await worker.poll()
    expect([status, typeof body]).toEqual([200, 'string'])
    expect(() => JSON.parse(body)).toThrow()
  })

  it('slow-drip sends one byte after the other', async () => {
    const { orchestrator, faults } = await withWorker()
    faults.start('slow-drip', { delayMs: 1_000 })
    await orchestrator.createJob({ task: 'echo' })
    const poll = await rawPoll(orchestrator)
    await poll.first
    const bytes = () => poll.said().split('\r\n\r\n')[1]?.length
    expect(bytes()).toBe(1)
    orchestrator.advanceClock(1_000)
    await once(poll.socket, 'data')
    expect(bytes()).toBe(2)
  })

  it('delay lets a request wait', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    const fault = faults.start('delay', { delayMs: 60_000, times: 1 })
    const answer = worker.heartbeat()
    await expect.poll(() => fault.hits).toBe(1)
    await roundTrip(orchestrator)
    orchestrator.advanceClock(60_000)
    expect((await answer).status).toBe(200)
  })

  it('duplicate-offer gives each offer once more', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    faults.start('duplicate-offer', { times: 1 })
    await orchestrator.createJob({ task: 'echo' })
    const first = await worker.poll()
    expect((await worker.poll()).body).toEqual(first.body)
    await orchestrator.createJob({ task: 'echo' })
    expect((await worker.poll()).body.task_id).not.toBe(first.body.task_id)
  })

  it('forgotten-worker forgets a worker now, and before each heartbeat', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    faults.start('forgotten-worker')
    expect(orchestrator.workers()).toEqual([])
    await worker.register()
    expect((await worker.heartbeat()).status).toBe(404)
    faults.stop()
    await worker.register()
    expect((await worker.heartbeat()).status).toBe(200)
  })

  it('socket-drop ends the sockets without a goodbye, and later ones as they open', async () => {
    const { worker, faults } = await withWorker()
    const { closed } = await worker.socket()
    faults.start('socket-drop')
    expect((await closed).code).toBe(1006)
    await expect(worker.socket()).rejects.toThrow()
    faults.stop()
    await worker.socket()
  })

  it('clock-skew moves the date of the answers and of the offers, and back', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    const dateMs = async () => Date.parse(String((await worker.heartbeat()).headers['date']))
    const fault = faults.start('clock-skew', { skewMs: -3_600_000 })
    expect(Date.now() - (await dateMs())).toBeGreaterThan(3_500_000)
    fault.stop()
    expect(Math.abs(Date.now() - (await dateMs()))).toBeLessThan(100_000)
    expect(orchestrator.faults.active).toEqual([])
  })

  it('ends by itself after a time, and says so', async () => {
    const { orchestrator, worker, faults } = await withWorker()
    const told = new Inbox<string>()
    orchestrator.on('fault', ({ name, isActive }) => told.put(`${name} ${isActive}`))
    faults.start('500', { forMs: 5_000 })
    expect((await worker.heartbeat()).status).toBe(500)
    orchestrator.advanceClock(5_000)
    expect((await worker.heartbeat()).status).toBe(200)
    expect(told.all).toEqual(['500 true', '500 false'])
  })

  it('tells how long it goes on', async () => {
    const { orchestrator, faults } = await withWorker()
    const hour = faults.start('500', { forMs: 3_600_000 })
    expect(hour.leftMs).toBeLessThanOrEqual(3_600_000)
    orchestrator.advanceClock(1_800_000)
    expect(hour.leftMs).toBeLessThanOrEqual(1_800_000)
    expect(hour.leftMs).toBeGreaterThan(1_000_000)
    orchestrator.advanceClock(1_800_000)
    expect([hour.isActive, hour.leftMs]).toEqual([false, 0])
    expect(faults.start('401', { times: 1 }).leftMs).toBeUndefined()
  })

  it.each([
    ['no-such-fault', {}, 'only 401, 429'],
    ['500', { forMs: -1 }, 'forMs'],
    ['500', { times: 0.5 }, 'times'],
    ['500', { routes: ['nowhere'] }, 'no route "nowhere"'],
    ['delay', { delayMs: Number.NaN }, 'delayMs'],
    ['clock-skew', { skewMs: Number.POSITIVE_INFINITY }, 'skewMs'],
    ['429', { retryAfterSeconds: 0 }, 'retryAfterSeconds'],
  ])('%s with %o is refused', async (name, options, said) => {
    const { faults } = await start()
    expect(() => faults.start(name as FaultName, options as object)).toThrow(said)
    expect(faults.active).toEqual([])
  })

  it('cannot begin in an orchestrator that is closed', async () => {
    const orchestrator = await start()
    await orchestrator.close()
    expect(() => orchestrator.faults.start('500')).toThrow('closed')
  })
})

describe.each(GENERATIONS)('a worker of %s does its job after', (generation) => {
  const QUICK: [FaultName, object][] = [
    ['401', { times: 2 }],
    ['429', { times: 2, retryAfterSeconds: 1 }],
    ['500', { times: 3 }],
    ['elsewhere', { times: 3 }],
    ['cut', { times: 3 }],
    ['reset-mid-body', { times: 1, routes: ['result'] }],
    ['lost-acknowledgement', { times: 2 }],
    ['bad-json', { times: 2, routes: ['result', 'heartbeat'] }],
    ['delay', { times: 2, delayMs: 50 }],
    ['duplicate-offer', { times: 1 }],
    ['forgotten-worker', { times: 1 }],
    ['socket-drop', { times: 2 }],
    ['clock-skew', { forMs: 300 }],
  ]

  it.each(QUICK)('%s', async (name, options) => {
    const orchestrator = await start({ generation, pollHoldMs: 200, waitForWorker: true })
    const { worker } = testWorker({
      url: orchestrator.url,
      variables: {
        ORCHESTRATOR_PROTOCOL: generation,
        WORKER_TOKEN,
        WORKER_ENABLE_WEBSOCKETS: true,
        HEARTBEAT_INTERVAL: 0.5,
        TASK_POLL_ERROR_DELAY: 0.05,
        RESULT_RETRY_INITIAL_DELAY: 0.05,
      },
    })
    let runs = 0
    worker.task('echo', ({ x }) => ({ x, runs: ++runs }))
    await worker.start()
    await orchestrator.waitForWorker('echo')
    orchestrator.faults.start(name, options)
    const { id } = await orchestrator.createJob({ task: 'echo', params: { x: 5 } })
    expect(await orchestrator.waitForJob(id, { timeoutMs: 60_000 })).toMatchObject({
      state: SUCCEEDED[generation],
      history: { x: 5, runs: 1 },
    })
    expect(runs).toBe(1)
  })
})
