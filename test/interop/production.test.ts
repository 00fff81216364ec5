import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { Worker, WorkerConfig } from '../../src/index.js'
import { Child } from '../support/interop/child-process.js'
import { clientApi } from '../support/interop/client-api.js'
import { checkEnvironment, interpreterOf, mayNotSkip } from '../support/interop/each-orchestrator.js'
import { eventually } from '../support/interop/eventually.js'
import { freePort } from '../support/interop/free-port.js'
import { findRedisServer, startRedisServer } from '../support/interop/redis-server.js'

const SCRIPT = fileURLToPath(new URL('../../examples/orchestrator/orchestrator.py', import.meta.url))
const CLIENT_TOKEN = 'token-of-a-client'
const SHARED = { GLOBAL_WORKER_TOKEN: 'token-of-all-workers', ORCHESTRATOR_SECRET_KEY: 'key-of-all' }

const startOrchestrator = async (interpreter: string, redisPort: number, name: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'production-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const clients = join(folder, 'clients.toml')
  writeFileSync(clients, `[shop]\ntoken = "${CLIENT_TOKEN}"\nplan = "free"\nmonthly_attempts = 100000\n`)
  const port = await freePort()
  const child = new Child(interpreter, [SCRIPT], {
    cwd: folder,
    env: {
      ...process.env,
      ...SHARED,
      INSTANCE_ID: name,
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redisPort),
      API_HOST: '127.0.0.1',
      API_PORT: String(port),
      CLIENTS_CONFIG_PATH: clients,
      DETAILED_API_RESPONSES: 'true',
      RATE_LIMITING_ENABLED: 'false',
      WORKER_POLL_TIMEOUT_SECONDS: '1',
      REDIS_STREAM_BLOCK_MS: '500',
    },
  })
  onTestFinished(() => child.end())
  const url = `http://127.0.0.1:${port}`
  await eventually('it answers', async () => {
    const answer = await request(`${url}/_public/status`).catch(() => undefined)
    await answer?.body.dump()
    return answer?.statusCode === 200
  })
  return { child, url }
}

const createJob = async (url: string, data: object): Promise<string> => {
  const answer = await request(`${url}/api/v1/jobs/resize`, {
    method: 'POST',
    headers: { 'X-Client-Token': CLIENT_TOKEN, 'Content-Type': 'application/json' },
    body: JSON.stringify({ initial_data: data }),
  })
  const body = (await answer.body.json()) as { job_id?: string }
  if (!body.job_id) throw new Error(`the job was answered ${answer.statusCode}: ${JSON.stringify(body)}`)
  return body.job_id
}

test('two orchestrators on one Redis share the jobs and a worker, and one of them may go', async ({
  skip,
}) => {
  const missing = await checkEnvironment()
  skip(missing !== undefined && !mayNotSkip(), missing)
  const interpreter = await interpreterOf('orchestrator-1.0b30')
  const redis = await startRedisServer((await findRedisServer(interpreter)) ?? 'redis-server')
  onTestFinished(() => redis.stop())
  const first = await startOrchestrator(interpreter, redis.port, 'first')
  const second = await startOrchestrator(interpreter, redis.port, 'second')

  const config = new WorkerConfig({
    ORCHESTRATORS: [
      { url: first.url, priority: 1 },
      { url: second.url, priority: 2 },
    ],
    ORCHESTRATOR_PROTOCOL: 'auto',
    WORKER_TOKEN: SHARED.GLOBAL_WORKER_TOKEN,
    ORCHESTRATOR_SECRET_KEY: SHARED.ORCHESTRATOR_SECRET_KEY,
    WORKER_ID: 'resizer',
    LOG_LEVEL: 'silent',
  })
  const worker = new Worker({ config })
  worker.task('resize_image', ({ source }) => ({ resized: source }))
  await worker.start()
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))

  const [asked, other] = [first, second].map(({ url }) => clientApi(url, CLIENT_TOKEN))
  await asked?.waitForWorker('resizer', (record) => record?.status === 'idle')
  // Handed in at the one that the worker does not poll.
  const id = await createJob(second.url, { source: 'a.jpg' })
  const done = await other?.waitForJob(id, ({ status }) => status === 'finished')
  expect(done?.state_history).toMatchObject({ resized: 'a.jpg' })

  await first.child.end('SIGKILL')
  await other?.waitForWorker('resizer', (record) => record?.status === 'idle')
  const next = await createJob(second.url, { source: 'b.jpg' })
  const after = await other?.waitForJob(next, ({ status }) => status === 'finished', { deadlineMs: 40_000 })
  expect(after?.state_history).toMatchObject({ resized: 'b.jpg' })
})
