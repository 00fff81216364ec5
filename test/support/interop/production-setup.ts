import { onTestFinished } from 'vitest'
import { type Handler, Worker, WorkerConfig } from '../../../src/index.js'
import { temporaryFolder } from '../temporary-folder.js'
import { Authority } from '../tls/certificates.js'
import { checkEnvironment, interpreterOf, mayNotSkip } from './each-orchestrator.js'
import { type ProductionOptions, SHARED, startProduction } from './production-orchestrator.js'
import { findRedisServer, type RedisServer, startRedisServer } from './redis-server.js'

interface Prepared extends ProductionOptions {
  readonly redis: RedisServer
}

/** What orchestrators need, on a Redis of the test's own; a reason to skip the test where this machine has it not. */
export const prepare = async (): Promise<Prepared | string> => {
  const missing = await checkEnvironment()
  if (missing !== undefined && !mayNotSkip()) return missing
  const interpreter = await interpreterOf('orchestrator-1.0b30')
  const redis = await startRedisServer((await findRedisServer(interpreter)) ?? 'redis-server')
  onTestFinished(() => redis.stop())
  return { interpreter, redis, redisPort: redis.port }
}

/** A worker for that, until the end of the test. */
export const startResizer = async (
  config: Partial<WorkerConfig>,
  handler: Handler = ({ source }) => ({ resized: source }),
  maxConcurrentTasks = 10,
): Promise<void> => {
  const worker = new Worker({
    maxConcurrentTasks,
    config: new WorkerConfig({
      ORCHESTRATOR_PROTOCOL: 'auto',
      WORKER_TOKEN: SHARED.GLOBAL_WORKER_TOKEN,
      ORCHESTRATOR_SECRET_KEY: SHARED.ORCHESTRATOR_SECRET_KEY,
      WORKER_ID: 'resizer',
      LOG_LEVEL: 'silent',
      ...config,
    }),
  })
  worker.task('resize_image', handler)
  await worker.start()
  onTestFinished(() => worker.stop({ pollGraceMs: 0 }))
}

/** How orchestrators let workers in, and what a worker shows. */
export const MODES = [
  { mode: 'mixed', shows: 'a certificate' },
  { mode: 'mtls-only', shows: 'a certificate' },
  { mode: 'mixed', shows: 'a token' },
  { mode: 'token-only', shows: 'a token' },
]

/** An orchestrator that speaks TLS, and what the worker needs for it. */
export const startOverTls = async (prepared: ProductionOptions, mode: string, shows: string) => {
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
  const paths = { TLS_CA_PATH: authority.caPath, TLS_CERT_PATH: own?.certPath, TLS_KEY_PATH: own?.keyPath }
  return { orchestrator, paths }
}
