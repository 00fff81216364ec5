import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { TlsSettings } from '../../../src/settings.js'
import { HttpTransport } from '../../../src/transport/http.js'
import { TlsFiles } from '../../../src/transport/tls-files.js'
import { Child } from './child-process.js'
import { eventually } from './eventually.js'
import { freePort } from './free-port.js'

const SCRIPT = fileURLToPath(new URL('../../../examples/orchestrator/orchestrator.py', import.meta.url))

export const CLIENT_TOKEN = 'token-of-a-client'
export const SHARED = {
  GLOBAL_WORKER_TOKEN: 'token-of-all-workers',
  ORCHESTRATOR_SECRET_KEY: 'key-of-all',
} as const

export interface ProductionOptions {
  /** The Python that has 1.0b30. */
  readonly interpreter: string
  readonly redisPort: number
  readonly env?: NodeJS.ProcessEnv
  /** What a client needs to reach it, where it speaks TLS. */
  readonly tls?: TlsSettings
}

/** The orchestrator of the examples, as a user starts it; the test's end ends it. */
export const startProduction = async ({ interpreter, redisPort, env = {}, tls }: ProductionOptions) => {
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
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(redisPort),
      API_HOST: '127.0.0.1',
      API_PORT: String(port),
      CLIENTS_CONFIG_PATH: clients,
      DETAILED_API_RESPONSES: 'true',
      RATE_LIMITING_ENABLED: 'false',
      WORKER_POLL_TIMEOUT_SECONDS: '1',
      REDIS_STREAM_BLOCK_MS: '500',
      ...env,
    },
  })
  onTestFinished(() => child.end())
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${port}`
  const headers = { 'x-client-token': CLIENT_TOKEN }
  const files = tls && new TlsFiles(tls, () => {})
  const transport = new HttpTransport({ url, tls: files }, headers, 2)
  onTestFinished(() => transport.close())
  const ask = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const text = body && JSON.stringify(body)
    const { status, text: answer } = await transport.send({ method, path, body: text, deadlineMs: 5_000 })
    return { status, answer }
  }
  const isUp = () =>
    ask('GET', '/_public/status').then(
      ({ status }) => status === 200,
      () => false,
    )
  await eventually('it answers', isUp, {}, () => child.output)
  return { child, url, ask }
}

/** Hands a job in for the image worker, and gives its id. */
export const createJob = async (
  { ask }: Awaited<ReturnType<typeof startProduction>>,
  data: object,
): Promise<string> => {
  const { status, answer } = await ask('POST', '/api/v1/jobs/resize', { initial_data: data })
  const { job_id: id } = JSON.parse(answer) as { job_id?: string }
  if (!id) throw new Error(`the job was answered ${status}: ${answer}`)
  return id
}

export interface ProductionJob {
  readonly status?: string
  readonly current_task_id?: string
  readonly retry_count?: number
  readonly state_history?: unknown
  readonly data_metadata?: unknown
}

export const readJob = async (
  { ask }: Awaited<ReturnType<typeof startProduction>>,
  id: string,
): Promise<ProductionJob> => JSON.parse((await ask('GET', `/api/v1/jobs/${id}`)).answer) as ProductionJob

/** Resolves to what its result brought, once it is finished. */
export const waitForJob = async (
  orchestrator: Awaited<ReturnType<typeof startProduction>>,
  id: string,
): Promise<unknown> => {
  let seen: ProductionJob = {}
  const look = async () => {
    seen = await readJob(orchestrator, id)
    return seen.status === 'finished' ? seen : undefined
  }
  const job = await eventually(`job ${id} is finished`, look, { deadlineMs: 40_000 }, () => [
    seen,
    orchestrator.child.output,
  ])
  return job.state_history
}

/** Resolves once a worker is there and takes jobs. */
export const waitForWorker = async (
  { ask }: Awaited<ReturnType<typeof startProduction>>,
  workerId: string,
): Promise<void> => {
  await eventually(`${workerId} is idle`, async () => {
    const workers = JSON.parse((await ask('GET', '/api/v1/workers')).answer) as {
      worker_id: string
      status: string
    }[]
    return workers.some(({ worker_id: id, status }) => id === workerId && status === 'idle')
  })
}
