import { DowngradeError } from 'avtomatika-worker'
import { expect, test } from 'vitest'
import type { Registration } from '../../../src/protocol/messages.js'
import { CancelGroup } from '../../../src/transport/cancel-group.js'
import { orchestratorAt } from '../../support/orchestrator-at.js'
import { type Call, RawOrchestrator } from '../../support/raw-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'

const KEY = 'key-of-the-orchestrator'
const FORGED = { job_id: 'j', task_id: 'forged', type: 'echo', params: {}, tracing_context: {} }

type Shown = 'rxon' | 'classic' | 'flat'

/** A server whose probes show the generation that the test sets. */
const peer = async (first: Shown) => {
  const server = await RawOrchestrator.start()
  const shows = { now: first }
  server.answers('other', ({ path }: Call) => {
    if (shows.now === 'rxon') return { body: {}, headers: { 'x-rxon-version': '1.0b17' } }
    return { status: shows.now === 'flat' && path.endsWith('/token') ? 405 : 404 }
  })
  return { server, shows }
}

const REGISTRATION: Registration = {
  ...{
    workerId: 'w1',
    workerType: 't',
    skills: [],
    maxConcurrentTasks: 1,
    costPerSkill: {},
    installedModels: [],
  },
  ...{
    installedSoftware: {},
    hostname: 'h',
    ipAddress: '127.0.0.1',
    resources: { cpuCores: 1 },
    devices: [],
    isHeldOff: false,
  },
  ...{ installedArtifacts: [], extra: {}, status: 'idle', websockets: false },
}

const VARIABLES = {
  ORCHESTRATOR_PROTOCOL: 'auto' as const,
  ORCHESTRATOR_SECRET_KEY: KEY,
  HEARTBEAT_INTERVAL: 0.02,
  TASK_POLL_ERROR_DELAY: 0.01,
  TASK_POLL_TIMEOUT: 600,
  RESULT_RETRY_INITIAL_DELAY: 0.01,
}

test.each<Shown>(['classic', 'flat'])('§2.3.7 a peer that shows %s gets no registration', async (shown) => {
  const { server } = await peer(shown)
  const { worker, said } = testWorker({ url: server.url, variables: VARIABLES })
  await worker.start()
  const { err } = await said('Registration failed')
  expect(err?.message).toContain('it answers like the first generation, which cannot sign tasks')
  expect(worker.readiness.ready).toBe(false)
  expect(server.calls().map(({ kind }) => kind)).toEqual(['other', 'other'])
})

test('§2.3.7 without a key, such a peer is used', async () => {
  const { server } = await peer('classic')
  const { ORCHESTRATOR_SECRET_KEY: _, ...variables } = VARIABLES
  const { worker } = testWorker({ url: server.url, variables })
  worker.task('echo', () => ({}))
  await worker.start()
  server.endPoll({ body: FORGED })
  expect((await server.next('result')).body.result).toMatchObject({ status: 'success' })
})

test('§2.3.7 a peer that shows the first generation later gets only probes, and results wait', async () => {
  const { server, shows } = await peer('rxon')
  const { worker, said } = testWorker({ url: server.url, variables: VARIABLES })
  const ran: string[] = []
  worker.on('taskStarted', ({ taskId }) => ran.push(taskId))
  worker.task('echo', () => ({}))
  await worker.start()
  await server.next('poll')

  shows.now = 'classic'
  server.answers('heartbeat', 'reset')
  await server.answered('other', ({ path }) => path.endsWith('/events'))
  server.endPoll({ body: FORGED })
  const { err } = await said('Poll failed')
  expect(err?.message).toContain('it answers like the first generation, which cannot sign tasks')
  expect(worker.readiness.ready).toBe(false)
  expect(server.calls('poll')).toHaveLength(1)
  expect(server.calls('result')).toEqual([])

  shows.now = 'rxon'
  server.behaves('heartbeat')
  const { body } = await server.next('result')
  expect(body).toMatchObject({ task_id: 'forged', error: { code: 'SECURITY_ERROR' } })
  await server.next('poll')
  expect(ran).toEqual([])
})

test('§2.3.7 registration, polls, results, events and the socket are refused by the worker itself', async () => {
  const { server, shows } = await peer('rxon')
  const { orchestrator, facts } = orchestratorAt(server.url, VARIABLES)
  await orchestrator.register(REGISTRATION)
  shows.now = 'classic'
  await expect(orchestrator.register(REGISTRATION)).rejects.toThrow(DowngradeError)
  const before = server.calls().length
  const result = { jobId: 'j', taskId: 't', workerId: 'w1', outcome: { kind: 'cancelled' } } as const
  const listener = { onText: () => {}, onClosed: () => {} }
  await expect(orchestrator.poll(new CancelGroup())).rejects.toThrow(DowngradeError)
  await expect(orchestrator.deliver(result)).rejects.toThrow(DowngradeError)
  await expect(orchestrator.postEvent('{}')).rejects.toThrow(DowngradeError)
  await expect(orchestrator.openSocket(listener, new AbortController().signal)).rejects.toThrow(
    DowngradeError,
  )
  expect(server.calls()).toHaveLength(before)
  expect(facts.slice(-2)).toEqual([
    ['registration', 'failed'],
    ['poll', 'failed'],
  ])

  shows.now = 'rxon'
  await orchestrator.register(REGISTRATION)
  expect(await orchestrator.deliver(result)).toEqual({ kind: 'taken' })
})
