import { expect, onTestFinished, test } from 'vitest'
import { Worker, WorkerConfig } from '../../src/index.js'
import { checkEnvironment, interpreterOf, mayNotSkip } from '../support/interop/each-orchestrator.js'
import {
  createJob,
  type ProductionOptions,
  SHARED,
  startProduction,
  waitForJob,
  waitForWorker,
} from '../support/interop/production-orchestrator.js'
import { findRedisServer, startRedisServer } from '../support/interop/redis-server.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { Authority, canCertify } from '../support/tls/certificates.js'

/** What orchestrators need, on a Redis of the test's own; a reason to skip the test where this machine has it not. */
const prepare = async (): Promise<ProductionOptions | string> => {
  const missing = await checkEnvironment()
  if (missing !== undefined && !mayNotSkip()) return missing
  const interpreter = await interpreterOf('orchestrator-1.0b30')
  const redis = await startRedisServer((await findRedisServer(interpreter)) ?? 'redis-server')
  onTestFinished(() => redis.stop())
  return { interpreter, redisPort: redis.port }
}

const startResizer = async (config: Partial<WorkerConfig>): Promise<void> => {
  const worker = new Worker({
    config: new WorkerConfig({
      ORCHESTRATOR_PROTOCOL: 'auto',
      WORKER_TOKEN: SHARED.GLOBAL_WORKER_TOKEN,
      ORCHESTRATOR_SECRET_KEY: SHARED.ORCHESTRATOR_SECRET_KEY,
      WORKER_ID: 'resizer',
      LOG_LEVEL: 'silent',
      ...config,
    }),
  })
  worker.task('resize_image', ({ source }) => ({ resized: source }))
  await worker.start()
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
}

test('two orchestrators on one Redis share the jobs and a worker, and one of them may go', async ({
  skip,
}) => {
  const prepared = await prepare()
  if (typeof prepared === 'string') return skip(prepared)
  const first = await startProduction({ ...prepared, env: { INSTANCE_ID: 'first' } })
  const second = await startProduction({ ...prepared, env: { INSTANCE_ID: 'second' } })
  await startResizer({
    ORCHESTRATORS: [
      { url: first.url, priority: 1, weight: 1 },
      { url: second.url, priority: 2, weight: 1 },
    ],
  })
  await waitForWorker(first, 'resizer')
  // Handed in at the one that the worker does not poll.
  const id = await createJob(second, { source: 'a.jpg' })
  expect(await waitForJob(second, id)).toMatchObject({ resized: 'a.jpg' })

  await first.child.end('SIGKILL')
  const next = await createJob(second, { source: 'b.jpg' })
  expect(await waitForJob(second, next)).toMatchObject({ resized: 'b.jpg' })
})

test.each([
  { mode: 'mixed', shows: 'a certificate' },
  { mode: 'mtls-only', shows: 'a certificate' },
  { mode: 'mixed', shows: 'a token' },
  { mode: 'token-only', shows: 'a token' },
])('over TLS, in the mode $mode, a worker is let in by $shows', async ({ mode, shows }) => {
  const prepared = await prepare()
  if (typeof prepared === 'string' || !canCertify()) return expect(mayNotSkip()).toBe(false)
  const authority = new Authority(temporaryFolder())
  const server = authority.issue('server')
  const orchestrator = await startProduction({
    ...prepared,
    env: {
      WORKER_AUTH_MODE: mode,
      TLS_ENABLED: 'true',
      TLS_CERT_PATH: server.certPath,
      TLS_KEY_PATH: server.keyPath,
      TLS_CA_PATH: authority.caPath,
    },
    tls: { caPath: authority.caPath },
  })
  const own = shows === 'a certificate' ? authority.issue('resizer') : undefined
  await startResizer({
    ORCHESTRATOR_URL: orchestrator.url,
    TLS_CA_PATH: authority.caPath,
    TLS_CERT_PATH: own?.certPath,
    TLS_KEY_PATH: own?.keyPath,
    WORKER_ENABLE_WEBSOCKETS: true,
  })
  await waitForWorker(orchestrator, 'resizer')
  const id = await createJob(orchestrator, { source: 'a.jpg' })
  expect(await waitForJob(orchestrator, id)).toMatchObject({ resized: 'a.jpg' })
})
