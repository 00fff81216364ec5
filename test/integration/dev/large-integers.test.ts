import { expect, test } from 'vitest'
import { GENERATIONS } from '../../support/generations.js'
import { testOrchestrator } from '../../support/test-orchestrator.js'
import { testWorker } from '../../support/test-worker.js'
import { call } from './raw.js'

const ID = 9_007_199_254_740_993n
const SECRET = 'a-secret-of-at-least-thirty-two-characters'

/** An orchestrator that speaks one generation, and a worker that adds 2 to an id. */
const setUp = async (generation: (typeof GENERATIONS)[number]) => {
  const isSigned = generation === 'rxon'
  const orchestrator = await testOrchestrator({ generation, secretKey: SECRET })
  const { worker } = testWorker({
    url: orchestrator.url,
    variables: {
      ORCHESTRATOR_PROTOCOL: generation,
      WORKER_TOKEN: orchestrator.workerToken,
      ...(isSigned && { ORCHESTRATOR_SECRET_KEY: SECRET }),
    },
  })
  worker.task('next', { bigints: true }, ({ id }) => ({ next: (id as bigint) + 2n }))
  await worker.start()
  return orchestrator
}

test.each(GENERATIONS)(
  '%s: large integers pass the orchestrator with all of their digits',
  async (generation) => {
    const orchestrator = await setUp(generation)
    const name = generation === 'rxon' ? 'x-client-token' : 'x-avtomatika-token'
    const headers = { [name]: orchestrator.clientToken }
    const created = await call(`${orchestrator.url}/api/v1/jobs/one_task`, 'POST', {
      headers,
      body: `{"initial_data":{"type":"next","params":{"id":${ID}}}}`,
    })
    expect(created.status).toBe(202)
    const { history } = await orchestrator.waitForJob(created.body.job_id)
    expect(history).toEqual({ next: ID + 2n })
    const shown = await fetch(`${orchestrator.url}/api/v1/jobs/${created.body.job_id}`, { headers })
    expect(await shown.text()).toMatch(/"next": ?9007199254740995\b/)
  },
)

test('a program may create a job with bigints', async () => {
  const orchestrator = await setUp('classic')
  const request = { task: 'next', params: { id: ID } }
  const { id } = await orchestrator.createJob(request)
  expect((await orchestrator.waitForJob(id)).history).toEqual({ next: ID + 2n })
})
