import { JobClient } from 'avtomatika-worker/client'
import { expect, onTestFinished, test } from 'vitest'
import { EVERYWHERE, forEachOrchestrator, startPublished } from '../support/interop/each-orchestrator.js'
import type { OrchestratorUnderTest } from '../support/interop/orchestrator-under-test.js'
import { QUOTA_TOKEN } from '../support/interop/real-orchestrator.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'
import { gate } from '../support/test-worker.js'

const clientOf = ({ url }: OrchestratorUnderTest, token: string): JobClient => {
  const client = new JobClient({ url, token })
  onTestFinished(() => client.close())
  return client
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it succeeded')
    },
    (error) => error,
  )

// The orchestrators in memory compare two tasks of the same priority by their content, which fails.
let created = 0
/** The initial data of the only blueprint that all these orchestrators have. */
const one = (type: string, params: object = {}) => ({ type, params, priority: -++created })

forEachOrchestrator(
  'the job client',
  { maxRetries: 0 },
  (running, name) => {
    const isReal = !name.startsWith('embedded')

    test('creates a job, waits for it and reads its result', async () => {
      const client = clientOf(running(), running().clientToken)
      const worker = workerFor(running(), { id: 'client-result' })
      worker.task('client-double', ({ n }) => ({ doubled: n * 2, unit: 'px' }))
      await startedFor(running(), worker, 'client-double')
      const job = await client.create('one_task', one('client-double', { n: 21 }))
      const changes: string[] = []
      const ended = await client.wait(job, { onChange: ({ status }) => changes.push(status) })
      expect(ended).toMatchObject({ id: job.id, outcome: 'finished', result: { doubled: 42, unit: 'px' } })
      expect(changes.length).toBeGreaterThan(0)
      expect(await client.get(job)).toMatchObject({ outcome: 'finished', blueprint: 'one_task' })
    })

    test('a job without a worker is quarantined, and says why', async () => {
      const client = clientOf(running(), running().clientToken)
      const job = await client.create('one_task', one('client-nobody'))
      const { outcome, error } = await client.wait(job)
      expect(outcome).toMatch(/^(quarantined|failed)$/)
      expect(error ?? 'suitable workers').toMatch(/worker/i)
    })

    test('cancels a job that runs', async () => {
      const client = clientOf(running(), running().clientToken)
      const worker = workerFor(running(), {
        id: 'client-cancel',
        variables: { WORKER_ENABLE_WEBSOCKETS: true },
      })
      const begun = gate()
      worker.task('client-long', async (_, { signal }) => {
        begun.open()
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      })
      await startedFor(running(), worker, 'client-long')
      const job = await client.create('one_task', one('client-long'))
      await begun.opened
      expect(await client.cancel(job)).toMatch(/^(sent|accepted)$/)
      expect((await client.wait(job)).outcome).toBe('cancelled')
    })

    test('says what is wrong with a request', async () => {
      const client = clientOf(running(), running().clientToken)
      expect(await failure(client.get('no-such-job'))).toMatchObject({ code: 'UNKNOWN_JOB' })
      expect(await failure(client.cancel('no-such-job'))).toMatchObject({ code: 'UNKNOWN_JOB' })
      const stranger = clientOf(running(), 'token-of-nobody')
      expect(await failure(stranger.get('no-such-job'))).toMatchObject({ code: 'AUTH', status: 401 })
      const elsewhere = client.create('x', {}, { endpoint: '/nowhere/at-all' })
      expect(await failure(elsewhere)).toMatchObject({ code: 'UNKNOWN_ENDPOINT' })
    })

    test('lists the jobs, or says that a real orchestrator lists them only with a history', async () => {
      const client = clientOf(running(), running().clientToken)
      const job = await client.create('one_task', one('client-nobody'))
      if (isReal) expect(await failure(client.list())).toMatchObject({ code: 'NO_JOB_LIST' })
      else expect((await client.list()).map(({ id }) => id)).toContain(job.id)
    })
  },
  EVERYWHERE,
)

test.each(['1.0b8', '1.0b30'])('the quota of a client of %s is named when it is used up', async (version) => {
  const orchestrator = await startPublished(version, { quota: 2 })
  onTestFinished(() => orchestrator.stop())
  const client = clientOf(orchestrator, QUOTA_TOKEN)
  await client.create('one_task', one('client-nobody'))
  await client.create('one_task', one('client-nobody'))
  expect(await failure(client.create('one_task', one('client-nobody')))).toMatchObject({
    code: 'RATE_LIMIT',
    message: expect.stringMatching(/Quota exceeded.*monthly_attempts/),
  })
})
