import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer as createPlain, type RequestListener } from 'node:http'
import { createServer as createSecure } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { join } from 'node:path'
import { Worker, WorkerConfig } from 'avtomatika-worker'
import { type OrchestratorOptions, startOrchestrator } from 'avtomatika-worker/dev'
import { onTestFinished } from 'vitest'
import { HttpProxyServer } from '../../../support/http-proxy.js'
import { freePort } from '../../../support/interop/free-port.js'
import { RawOrchestrator } from '../../../support/raw-orchestrator.js'
import { startOwnS3 } from '../../../support/s3/own-s3.js'
import { NO_DISK, smallDisk } from '../../../support/small-disk.js'
import { temporaryFolder } from '../../../support/temporary-folder.js'
import { Authority, canCertify } from '../../../support/tls/certificates.js'
import { TlsFront } from '../../../support/tls/front.js'
import { command, moduleFile } from '../command.js'

/** Secrets that no output may have. */
export const SECRETS = [
  'worker-secret-71b2',
  'client-secret-93ac',
  's3-secret-55de',
  'key-secret-08fe',
  'proxy-secret-17aa',
]
const [WORKER_TOKEN, CLIENT_TOKEN, S3_SECRET, KEY, PROXY_PASSWORD] = SECRETS as [
  string,
  string,
  string,
  string,
  string,
]

/** What the doctor is called with. */
export interface Seeded {
  readonly env: NodeJS.ProcessEnv
  readonly args?: readonly string[]
}

/** A fault that a test makes, and the code of its cause. */
export interface Fault {
  readonly code: string
  /** Returns why this machine cannot have the fault, if it cannot. */
  seed(): Promise<Seeded | string>
}

const NO_OPENSSL = 'no openssl'

const listening = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const site = (listener: RequestListener) => listening(createPlain(listener))

export const base = (url: string): NodeJS.ProcessEnv => ({
  ORCHESTRATOR_URL: url,
  WORKER_TOKEN,
  WORKER_ID: 'w1',
  WORKER_PORT: '0',
  WORKER_STATE_DIR: join(temporaryFolder(), 'state'),
  TASK_FILES_DIR: join(temporaryFolder(), 'files'),
})

const orchestratorWith = async (options: OrchestratorOptions = {}) => {
  const orchestrator = await startOrchestrator({
    workerToken: WORKER_TOKEN,
    clientToken: CLIENT_TOKEN,
    pollHoldMs: 200,
    ...options,
  })
  onTestFinished(() => orchestrator.close())
  return orchestrator
}

/** Everything is right. */
export const healthy = async (options?: OrchestratorOptions): Promise<NodeJS.ProcessEnv> =>
  base((await orchestratorWith(options)).url)

/** Runs a worker with its health server in this process. */
const workerWith = async (env: NodeJS.ProcessEnv, prepare: (worker: Worker) => void = () => {}) => {
  const config = new WorkerConfig({
    ORCHESTRATOR_URL: env['ORCHESTRATOR_URL'],
    WORKER_TOKEN,
    WORKER_ID: 'w1',
    WORKER_PORT: 0,
    WORKER_STATE_DIR: env['WORKER_STATE_DIR'],
    ORCHESTRATOR_PROTOCOL: 'auto',
    LOG_LEVEL: 'silent',
  })
  const worker = new Worker({ config })
  worker.task('resize', () => ({}))
  prepare(worker)
  const running = worker.runWithHealthCheck()
  onTestFinished(async () => {
    await worker.stop({ pollGraceMs: 0 })
    await running
  })
  await new Promise<void>((resolve) => worker.on('registered', () => resolve()))
  return { worker, port: { WORKER_PORT: String(worker.healthPort) } }
}

export const s3With = async (status: number, code: string): Promise<Seeded> => {
  const s3 = await startOwnS3()
  s3.fault = () => ({ kind: 'status', status, code, message: `the key was ${S3_SECRET}` })
  return { env: { ...(await healthy()), ...s3Variables(s3.url) } }
}

export const withHeartbeats = async (how: 'hold' | 'reset'): Promise<RawOrchestrator> => {
  const raw = await RawOrchestrator.start()
  raw.answers('heartbeat', how)
  return raw
}

const s3Variables = (url: string): NodeJS.ProcessEnv => ({
  S3_ENDPOINT_URL: url,
  S3_REGION: 'us-east-1',
  S3_ACCESS_KEY: 'AKIAEXAMPLE',
  S3_SECRET_KEY: S3_SECRET,
})

/** A server with a certificate that nobody knows. */
const certified = async (scheme: 'http' | 'https'): Promise<Seeded | string> => {
  if (!canCertify()) return NO_OPENSSL
  const { certPath, keyPath } = new Authority(temporaryFolder()).issue('orchestrator')
  const server = createSecure({ cert: readFileSync(certPath), key: readFileSync(keyPath) }, (_call, answer) =>
    answer.end(),
  )
  return { env: base(`${scheme}://127.0.0.1:${await listening(server)}`) }
}

/** An orchestrator with a worker for `resize`, and a job for another task. */
const withOtherTask = async (options?: OrchestratorOptions) => {
  const orchestrator = await orchestratorWith(options)
  const env = base(orchestrator.url)
  const { port } = await workerWith(env)
  await orchestrator.createJob({ task: 'resise' })
  return { orchestrator, env: { ...env, ...port, CLIENT_TOKEN } }
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'a wrong token': {
    code: 'token_refused',
    seed: async () => ({ env: { ...(await healthy()), WORKER_TOKEN: KEY } }),
  },
  'a wrong port': {
    code: 'connection_refused',
    seed: async () => ({ env: base(`http://127.0.0.1:${await freePort()}`) }),
  },
  'https on http': {
    code: 'https_on_http',
    seed: async () => ({ env: base((await orchestratorWith()).url.replace('http:', 'https:')) }),
  },
  'http on https': {
    code: 'http_on_https',
    seed: () => certified('http'),
  },
  'a certificate of an unknown authority': {
    code: 'certificate_refused',
    seed: () => certified('https'),
  },
  'TLS files that do not exist': {
    code: 'tls_files_unusable',
    seed: async () => ({ env: { ...(await healthy()), TLS_CA_PATH: join(temporaryFolder(), 'ca.pem') } }),
  },
  'an unknown host name': {
    code: 'name_unknown',
    seed: async () => ({ env: base('http://orchestrator.invalid:8080') }),
  },
  'an orchestrator that hangs': {
    code: 'no_answer',
    seed: async () => {
      const raw = await RawOrchestrator.start()
      raw.answers('other', 'hold')
      return { env: base(raw.url) }
    },
  },
  'an orchestrator that answers no heartbeats': {
    code: 'request_unanswered',
    seed: async () => ({ env: base((await withHeartbeats('hold')).url) }),
  },
  'an orchestrator that closes the connections of heartbeats': {
    code: 'request_unanswered',
    seed: async () => ({ env: base((await withHeartbeats('reset')).url) }),
  },
  'a bucket that does not exist, beside an orchestrator that answers no heartbeats': {
    code: 'store_unusable',
    seed: async () => {
      const { env } = await s3With(404, 'NoSuchBucket')
      return { env: { ...env, ORCHESTRATOR_URL: (await withHeartbeats('hold')).url } }
    },
  },
  'a web site': {
    code: 'not_an_orchestrator',
    seed: async () => {
      const port = await site((_call, answer) =>
        answer.setHeader('content-type', 'text/html').end('<!doctype html>'),
      )
      return { env: base(`http://127.0.0.1:${port}`) }
    },
  },
  'an orchestrator that fails': {
    code: 'orchestrator_failing',
    seed: async () => {
      const port = await site((_call, answer) => answer.writeHead(500).end(`token was ${WORKER_TOKEN}`))
      return { env: base(`http://127.0.0.1:${port}`) }
    },
  },
  'a clock that is two minutes off': {
    code: 'clock_skew',
    seed: async () => {
      const raw = await RawOrchestrator.start()
      raw.answers('other', () => ({ headers: { date: new Date(Date.now() - 120_000).toUTCString() } }))
      return { env: base(raw.url) }
    },
  },
  'a rate limit': {
    code: 'rate_limited',
    seed: async () => ({ env: await healthy({ rateLimit: { requests: 0, windowMs: 60_000 } }) }),
  },
  'an old generation': {
    code: 'wrong_generation',
    seed: async () => ({
      env: { ...(await healthy({ generation: 'classic' })), ORCHESTRATOR_PROTOCOL: 'rxon' },
    }),
  },
  'a key for an orchestrator that signs nothing': {
    code: 'downgrade',
    seed: async () => ({
      env: { ...(await healthy({ generation: 'classic' })), ORCHESTRATOR_SECRET_KEY: KEY },
    }),
  },
  'a proxy that does not run': {
    code: 'proxy_failed',
    seed: async () => ({
      env: {
        ...base('http://orchestrator.example'),
        HTTP_PROXY: `http://user:${PROXY_PASSWORD}@127.0.0.1:${await freePort()}`,
      },
    }),
  },
  'a proxy that wants a password': {
    code: 'proxy_failed',
    seed: async () => {
      const proxy = await HttpProxyServer.start((await orchestratorWith()).port)
      proxy.refusal = 407
      return { env: { ...base('http://orchestrator.example'), HTTP_PROXY: proxy.url } }
    },
  },
  'an unknown task name': {
    code: 'unknown_task_names',
    seed: async () => {
      const raw = await RawOrchestrator.start()
      const env = base(raw.url)
      let ended = () => {}
      const over = new Promise<void>((resolve) => {
        ended = resolve
      })
      const { port } = await workerWith(env, (worker) => worker.on('taskFinished', () => ended()))
      raw.offer('resise')
      await over
      return { env: { ...env, ...port } }
    },
  },
  'a blueprint with another type': {
    code: 'task_without_worker',
    seed: () => withOtherTask(),
  },
  'a blueprint with another type, over mutual TLS': {
    code: 'task_without_worker',
    seed: async () => {
      if (!canCertify()) return NO_OPENSSL
      const { orchestrator, env } = await withOtherTask()
      const authority = new Authority(temporaryFolder())
      const { url } = await TlsFront.start(authority, orchestrator.port)
      const { certPath, keyPath } = authority.issue('w1')
      const tls = { TLS_CA_PATH: authority.caPath, TLS_CERT_PATH: certPath, TLS_KEY_PATH: keyPath }
      return { env: { ...env, ...tls, ORCHESTRATOR_URL: url } }
    },
  },
  'a blueprint with another type, over a proxy': {
    code: 'task_without_worker',
    seed: async () => {
      const { orchestrator, env } = await withOtherTask({ allowedHosts: ['orchestrator.example'] })
      const proxy = await HttpProxyServer.start(orchestrator.port)
      return { env: { ...env, ORCHESTRATOR_URL: 'http://orchestrator.example', HTTP_PROXY: proxy.url } }
    },
  },
  'a second worker with the same id': {
    code: 'worker_id_in_use',
    seed: async () => {
      const env = await healthy()
      await workerWith({ ...env, WORKER_STATE_DIR: join(temporaryFolder(), 'other') })
      return { env: { ...env, WORKER_PORT: String(await freePort()) } }
    },
  },
  'a second worker with the same state directory': {
    code: 'state_dir_in_use',
    seed: async () => {
      const env = await healthy()
      await workerWith(env)
      return { env: { ...env, WORKER_PORT: String(await freePort()) } }
    },
  },
  'a state directory that others can change': {
    code: 'state_dir_unusable',
    seed: async () => {
      const env = await healthy()
      const folder = join(temporaryFolder(), 'open')
      mkdirSync(folder)
      chmodSync(folder, 0o777)
      return { env: { ...env, WORKER_STATE_DIR: folder } }
    },
  },
  'a full disk': {
    code: 'disk_full',
    seed: async () => {
      const disk = smallDisk(64)
      return disk === undefined
        ? NO_DISK
        : { env: { ...(await healthy()), TASK_FILES_DIR: join(disk, 'files') } }
    },
  },
  'a wrong S3 secret': { code: 'store_unusable', seed: () => s3With(403, 'SignatureDoesNotMatch') },
  'a wrong S3 region': { code: 'store_unusable', seed: () => s3With(400, 'AuthorizationHeaderMalformed') },
  'a bucket that does not exist': { code: 'store_unusable', seed: () => s3With(404, 'NoSuchBucket') },
  'a store that does not run': {
    code: 'store_unusable',
    seed: async () => ({
      env: { ...(await healthy()), ...s3Variables(`http://127.0.0.1:${await freePort()}`) },
    }),
  },
  'a paused worker': {
    code: 'paused',
    seed: async () => {
      const env = await healthy()
      const { worker, port } = await workerWith(env)
      worker.pause()
      return { env: { ...env, ...port } }
    },
  },
  'a blocked event loop': {
    code: 'event_loop_blocked',
    seed: async () => {
      const orchestrator = await orchestratorWith()
      const env = { ...base(orchestrator.url), WORKER_PORT: String(await freePort()) }
      const file = moduleFile(
        'worker.mjs',
        `import { Worker } from 'avtomatika-worker'
        const worker = new Worker()
        worker.task('block', () => {
          console.log('blocks')
          for (;;);
        })
        export default worker`,
      )
      const child = command(['run', file], env)
      await Promise.race([orchestrator.waitForWorker('block'), child.ended()])
      await orchestrator.createJob({ task: 'block' })
      await child.says(/blocks/)
      return { env }
    },
  },
  'a port that another program uses': {
    code: 'port_taken',
    seed: async () => ({
      env: { ...(await healthy()), WORKER_PORT: String(await site((_call, answer) => answer.end('hello'))) },
    }),
  },
  'a worker that does not run': {
    code: 'not_started',
    seed: async () => ({
      env: await healthy(),
      args: ['--worker', `http://127.0.0.1:${await freePort()}`],
    }),
  },
  'a wrong value': {
    code: 'config_wrong',
    seed: async () => ({ env: { ...(await healthy()), MAX_CONCURRENT_TASKS: 'many' } }),
  },
  'a misspelt variable': {
    code: 'variable_unknown',
    seed: async () => ({ env: { ...(await healthy()), WORKER_TOKN: KEY } }),
  },
}
