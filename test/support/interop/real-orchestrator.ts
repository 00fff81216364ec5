import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { Child } from './child-process.js'
import { clientApi } from './client-api.js'
import { eventually } from './eventually.js'
import { freePort } from './free-port.js'
import type { Generation, OrchestratorOptions, OrchestratorUnderTest } from './orchestrator-under-test.js'
import { type RedisServer, startRedisServer } from './redis-server.js'

const SCRIPT = fileURLToPath(new URL('orchestrator.py', import.meta.url))
const WORKER_TOKEN = 'token-of-all-workers'
const CLIENT_TOKEN = 'token-of-the-tests'
const SECRET_KEY = 'key-of-the-orchestrator'
const START_DEADLINE_MS = 20_000

// Every request of a client counts, questions too.
const clientToml = (name: string, token: string, quota: number): string =>
  `[${name}]\ntoken = "${token}"\nplan = "free"\nmonthly_attempts = ${quota}\n`

/** The token of the client with a quota. */
export const QUOTA_TOKEN = 'token-with-a-quota'

const clientsToml = ({ quota }: OrchestratorOptions): string =>
  clientToml('tests', CLIENT_TOKEN, 1_000_000_000) +
  (quota === undefined ? '' : clientToml('limited', QUOTA_TOKEN, quota))

const workersToml = (tokens: Readonly<Record<string, string>>): string =>
  Object.entries(tokens)
    .map(([workerId, token]) => `["${workerId}"]\ntoken = "${token}"\n`)
    .join('')

const seconds = (ms: number): string => String(Math.max(1, Math.round(ms / 1000)))

/** Which one to start. */
export interface Published {
  /** As on PyPI: `1.0b30`. */
  readonly version: string
  /** The Python that has it. */
  readonly interpreter: string
  /** On this Redis binary, or else in memory. */
  readonly redisBinary?: string
}

/** The last version that is spoken to in the first generation. */
const LAST_CLASSIC = 12
const generationOf = (version: string): Generation =>
  Number(version.replace('1.0b', '')) <= LAST_CLASSIC ? 'classic' : 'rxon'

interface Setting {
  readonly interpreter: string
  readonly folder: string
  readonly port: number
  readonly redis: RedisServer | undefined
  readonly options: OrchestratorOptions
}

const rateLimits = ({ requests, windowMs }: NonNullable<OrchestratorOptions['rateLimit']>) => ({
  RATE_LIMIT_WINDOW_SECONDS: seconds(windowMs),
  RATE_LIMIT_PERIOD: seconds(windowMs),
  RATE_LIMIT_LIMIT: String(requests),
  RATE_LIMIT_HEARTBEAT_LIMIT: String(requests),
  RATE_LIMIT_POLL_LIMIT: String(requests),
})

const environment = ({ folder, port, redis, options }: Setting): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  PYTHONUNBUFFERED: '1',
  LOG_LEVEL: options.talkative ? 'INFO' : 'WARNING',
  LOG_FORMAT: 'text',
  API_HOST: '127.0.0.1',
  API_PORT: String(port),
  GLOBAL_WORKER_TOKEN: WORKER_TOKEN,
  CLIENT_TOKEN,
  ORCHESTRATOR_SECRET_KEY: SECRET_KEY,
  DETAILED_API_RESPONSES: 'true',
  CLIENTS_CONFIG_PATH: join(folder, 'clients.toml'),
  WORKERS_CONFIG_PATH: join(folder, 'workers.toml'),
  TASK_FILES_DIR: join(folder, 'payloads'),
  WORKER_POLL_TIMEOUT_SECONDS: seconds(options.pollHoldMs ?? 1_000),
  // A record lives for twice this.
  WORKER_HEALTH_CHECK_INTERVAL_SECONDS: seconds((options.workerTtlMs ?? 120_000) / 2),
  JOB_MAX_RETRIES: String(options.maxRetries ?? 3),
  // How long its own shut-down may have to wait for its job loop.
  REDIS_STREAM_BLOCK_MS: '1000',
  ...(options.watchEveryMs && { WATCHER_INTERVAL_SECONDS: seconds(options.watchEveryMs) }),
  ...(options.reclaimMs && { RECLAIM_MS: String(options.reclaimMs) }),
  ...(options.waitForWorker && { WAIT_FOR_WORKER: 'true' }),
  ...(options.jobsAtOnce && { EXECUTOR_MAX_CONCURRENT_JOBS: String(options.jobsAtOnce) }),
  ...(options.spans && { OTEL_BSP_SCHEDULE_DELAY: '50', OTEL_METRIC_EXPORT_INTERVAL: '3600000' }),
  ...(options.spans === 'repaired' && { TELL_TRACES: 'true' }),
  RATE_LIMITING_ENABLED: String(options.rateLimit !== undefined),
  ...(options.rateLimit && rateLimits(options.rateLimit)),
  ...(redis && { REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) }),
})

const launchOnce = async (setting: Setting): Promise<Child> => {
  const { interpreter, folder, port } = setting
  // In its folder, because a flush loads `clients.toml` from the current one.
  const child = new Child(interpreter, [SCRIPT], { cwd: folder, env: environment(setting) })
  const answers = async () => {
    if (child.hasEnded) throw new Error('it ended by itself')
    const answer = await request(`http://127.0.0.1:${port}/_public/status`).catch(() => undefined)
    await answer?.body.dump()
    return answer?.statusCode === 200
  }
  try {
    await eventually('it answers', answers, { deadlineMs: START_DEADLINE_MS })
    return child
  } catch (error) {
    await child.end()
    throw new Error(`the orchestrator did not start on port ${port}:\n${child.output}`, { cause: error })
  }
}

/** A machine under load may need a second try. */
const launch = (setting: Setting): Promise<Child> =>
  launchOnce(setting).catch((error: unknown) => {
    console.warn('interop: a second try after', error)
    return launchOnce(setting)
  })

const writeConfig = async (options: OrchestratorOptions): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'avtomatika-interop-'))
  await writeFile(join(folder, 'clients.toml'), clientsToml(options))
  await writeFile(join(folder, 'workers.toml'), workersToml(options.individualTokens ?? {}))
  return folder
}

const FORGET =
  "for _, key in ipairs(redis.call('KEYS', 'orchestrator:worker:info:*')) do redis.call('DEL', key) end return 1"

const forgetWorkers = async (setting: Setting, child: Child, generation: Generation): Promise<void> => {
  const { redis } = setting
  if (redis) {
    await redis.command('EVAL', FORGET, '0')
  } else if (generation === 'classic') {
    // In memory nothing can be lost alone, but anybody may ask it, without a token, to lose everything.
    const answer = await request(`${urlOf(setting)}/_public/debug/flush_db`, { method: 'POST' })
    await answer.body.dump()
  } else {
    child.tell('forget-workers')
    const { workers } = clientApi(urlOf(setting), CLIENT_TOKEN)
    await eventually('it has forgotten its workers', async () => (await workers()).length === 0)
  }
}

const urlOf = ({ port }: Setting): string => `http://127.0.0.1:${port}`

/** One that was published. */
export interface RealOrchestrator extends OrchestratorUnderTest {
  /** What it keeps everything in, unless that is its memory. */
  readonly redis: RedisServer | undefined
  /** Of its process. Changes with each restart. */
  readonly pid: number
}

/** Starts a published orchestrator. */
export const startRealOrchestrator = async (
  { version, interpreter, redisBinary }: Published,
  options: OrchestratorOptions,
): Promise<RealOrchestrator> => {
  const folder = await writeConfig(options)
  const redis = redisBinary === undefined ? undefined : await startRedisServer(redisBinary)
  const setting: Setting = { interpreter, folder, port: await freePort(), redis, options }
  const generation = generationOf(version)
  const url = urlOf(setting)
  const cleanUp = async () => {
    await redis?.stop()
    await rm(folder, { recursive: true, force: true })
  }
  let child = await launch(setting).catch(async (error: unknown) => {
    await cleanUp()
    throw error
  })
  return {
    name: `${version} ${redis ? 'on Redis' : 'in memory'}`,
    kind: redis ? 'redis' : 'memory',
    redis,
    get pid() {
      return child.pid ?? 0
    },
    generation,
    url,
    workerToken: WORKER_TOKEN,
    clientToken: CLIENT_TOKEN,
    secretKey: generation === 'rxon' ? SECRET_KEY : '',
    client: clientApi(url, CLIENT_TOKEN),
    jobsAfterRestart: redis ? 'kept' : 'lost',
    forgetWorkers: () => forgetWorkers(setting, child, generation),
    async restart(signal, whileDown) {
      await child.end(signal)
      await whileDown?.()
      child = await launch(setting)
    },
    log: () => child.output,
    async stop() {
      await child.end()
      await cleanUp()
    },
  }
}
