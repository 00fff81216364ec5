import type { Worker } from 'avtomatika-worker'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { isDone, offers } from '../support/interop/client-api.js'
import { dispatch } from '../support/interop/dispatch.js'
import { checkEnvironment, mayNotSkip, startOnRedis } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import type { RealOrchestrator } from '../support/interop/real-orchestrator.js'
import { startedFor, workerFor } from '../support/interop/worker-for.js'

const OPTIONS = { pollHoldMs: 3_000 }

let missing: string | undefined

beforeAll(async () => {
  missing = await checkEnvironment()
  if (missing !== undefined && mayNotSkip()) throw new Error(missing)
})

const start = async (options = {}): Promise<RealOrchestrator> => {
  const orchestrator = await startOnRedis('1.0b30', { ...OPTIONS, ...options })
  onTestFinished(() => orchestrator.stop())
  return orchestrator
}

const waterfall = (first: RealOrchestrator, second: RealOrchestrator): Worker =>
  workerFor(first, {
    id: 'waterfall',
    maxConcurrentTasks: 2,
    variables: {
      MULTI_ORCHESTRATOR_MODE: 'WATERFALL',
      ORCHESTRATORS_CONFIG: [
        { url: first.url, token: first.workerToken, priority: 1 },
        { url: second.url, token: second.workerToken, priority: 2 },
      ],
    },
  })

const doOne = async (orchestrator: RealOrchestrator) =>
  orchestrator.client.waitForJob(await dispatch(orchestrator, { type: 'echo' }), isDone)

test('the second of two orchestrators is served while the first has nothing, and the first at any time', async ({
  skip,
}) => {
  skip(missing !== undefined, missing)
  const [first, second] = [await start(), await start()]
  const worker = waterfall(first, second).task('echo', () => ({}))
  await startedFor(first, worker, 'echo')
  await second.client.waitForWorker(worker.id, offers('echo'))
  for (const orchestrator of [second, first, second, first]) await doOne(orchestrator)
  expect(worker.readiness).toEqual({ ready: true })
})

test('the second of two orchestrators is served while the first limits the polls', async ({ skip }) => {
  skip(missing !== undefined, missing)
  const limited = { rateLimit: { requests: 5, windowMs: 120_000 }, pollHoldMs: 1_000 } as const
  const [first, second] = [await start(limited), await start()]
  const worker = waterfall(first, second).task('echo', () => ({}))
  await startedFor(first, worker, 'echo')
  await second.client.waitForWorker(worker.id, offers('echo'))
  await eventually('the first limits the polls', () => worker.readiness.reason?.includes('rate limit'))
  await doOne(second)
  expect(worker.readiness.ready).toBe(true)
})
