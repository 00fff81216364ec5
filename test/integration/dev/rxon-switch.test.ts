import type { DevOrchestrator, Generation } from 'avtomatika-worker/dev'
import { describe, expect, it } from 'vitest'
import { rxonWireWorker } from '../../support/interop/rxon-wire-worker.js'
import { call, rawClient, rawWorker, start, WORKER_TOKEN } from './raw.js'

const rxonWorker = ({ url }: DevOrchestrator, id = 'r1') => rxonWireWorker(url, WORKER_TOKEN, id)
const statusOf = (orchestrator: DevOrchestrator) => call(`${orchestrator.url}/_public/status`, 'GET')

describe('the version of the wire', () => {
  it.each([
    ['auto', '1.0b17'],
    ['rxon', '1.0b17'],
    ['classic', undefined],
  ] as const)('is named by an orchestrator that speaks %s: %s', async (generation, version) => {
    const orchestrator = await start({ generation })
    expect((await statusOf(orchestrator)).headers['x-rxon-version']).toBe(version)
  })

  it('is lost where no route is, and on packed answers', async () => {
    const orchestrator = await start({ generation: 'rxon' })
    const nowhere = await call(`${orchestrator.url}/_worker/nope`, 'GET')
    expect([nowhere.status, nowhere.headers['x-rxon-version']]).toEqual([404, undefined])
    const wrong = await call(`${orchestrator.url}/_worker/events`, 'GET')
    expect([wrong.status, wrong.headers['x-rxon-version']]).toEqual([405, undefined])
    await rxonWorker(orchestrator).register(['echo'], { metadata: { long: 'x'.repeat(600) } })
    const headers = { 'x-client-token': orchestrator.clientToken, 'accept-encoding': 'gzip' }
    const packed = await call(`${orchestrator.url}/api/v1/workers`, 'GET', { headers })
    expect([packed.headers['content-encoding'], packed.headers['x-rxon-version']]).toEqual([
      'gzip',
      undefined,
    ])
  })
})

describe('both generations at once', () => {
  it('have a worker and a job each, told by what the workers send', async () => {
    const orchestrator = await start({ generation: 'auto' })
    await rawWorker(orchestrator, 'c1').register({ supported_tasks: ['old'] })
    const modern = rxonWorker(orchestrator)
    await modern.register(['new'])
    const generations = orchestrator.workers().map(({ workerId, generation }) => [workerId, generation])
    expect(generations).toEqual([
      ['c1', 'classic'],
      ['r1', 'rxon'],
    ])
    const old = await orchestrator.createJob({ task: 'old' })
    const task = (await rawWorker(orchestrator, 'c1').poll()).body
    await rawWorker(orchestrator, 'c1').result(task, { data: { x: 1 } })
    expect(orchestrator.job(old.id)).toMatchObject({
      generation: 'classic',
      status: 'running',
      state: 'done',
    })
    const next = await orchestrator.createJob({ task: 'new' })
    await modern.report(await modern.take(), { data: { x: 1 } })
    expect(orchestrator.job(next.id)).toMatchObject({
      generation: 'rxon',
      status: 'finished',
      state: 'finished',
    })
  })

  it('are told apart where nothing is said by the header, or by how the worker registered', async () => {
    const orchestrator = await start({ generation: 'auto' })
    const headers = { 'x-worker-token': WORKER_TOKEN }
    const modern = rxonWorker(orchestrator)
    expect((await modern.heartbeat()).text).toBe('null')
    const unknown = await call(`${orchestrator.url}/_worker/workers/r1`, 'PATCH', { headers })
    expect(unknown.status).toBe(404)
    await modern.register(['echo'])
    orchestrator.forgetWorkers()
    await modern.register(['echo'])
    const known = await call(`${orchestrator.url}/_worker/workers/r1`, 'PATCH', {
      headers: { 'x-worker-token': 'wrong' },
    })
    expect(known.status).toBe(403)
  })

  it('are read by clients under either header', async () => {
    const orchestrator = await start({ generation: 'auto' })
    const headers = { 'x-client-token': orchestrator.clientToken }
    expect((await call(`${orchestrator.url}/api/v1/jobs`, 'GET', { headers })).status).toBe(200)
    expect((await rawClient(orchestrator).send('GET', '/jobs')).status).toBe(200)
  })
})

describe('one generation alone', () => {
  it.each([
    ['classic', 'X-Avtomatika-Token'],
    ['rxon', 'X-Client-Token'],
  ] as const)('%s wants its clients to say %s', async (generation: Generation, header) => {
    const orchestrator = await start({ generation })
    const answer = await call(`${orchestrator.url}/api/v1/jobs`, 'GET')
    expect([answer.status, answer.body]).toEqual([401, { error: `Missing ${header} header` }])
  })

  it('classic has none of the routes of the other', async () => {
    const orchestrator = await start({ generation: 'classic' })
    const answer = await rxonWorker(orchestrator).call('POST', '/auth/token')
    expect(answer.status).toBe(404)
  })

  it('rxon takes no unsigned registration', async () => {
    const orchestrator = await start({ generation: 'rxon' })
    const answer = await rawWorker(orchestrator).register()
    expect([answer.status, answer.body]).toEqual([
      403,
      { error: 'Missing required timestamp for replay protection' },
    ])
  })

  it('has to be one that there is', async () => {
    await expect(start({ generation: 'third' as Generation })).rejects.toThrow('generation = third')
  })

  it('rxon takes a registration without skills as one of a worker that has none', async () => {
    const orchestrator = await start({ generation: 'rxon' })
    const answer = await rxonWorker(orchestrator).register([], { supported_skills: undefined })
    expect(answer.body).toMatchObject({ status: 'registered' })
    const headers = { 'x-client-token': orchestrator.clientToken }
    const { body } = await call(`${orchestrator.url}/api/v1/workers`, 'GET', { headers })
    expect(body).toEqual([expect.objectContaining({ worker_id: 'r1', supported_skills: [] })])
  })
})
