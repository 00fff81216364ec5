import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { TaskContext } from 'avtomatika-worker'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { TransientError } from '../../src/errors.js'
import { S3Store } from '../../src/storage/s3-store.js'
import { fileWorker } from '../support/files/file-worker.js'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { eventually } from '../support/interop/eventually.js'
import { linesOf } from '../support/log-lines.js'
import { lowDice } from '../support/low-dice.js'
import { type OwnS3, startOwnS3 } from '../support/s3/own-s3.js'
import { tcpProxy } from '../support/s3/tcp-proxy.js'

const MB = 1_048_576
const DOWN = { kind: 'status', status: 503, code: 'SlowDown' } as const

/** A port at which nobody listens, until `open` is called: a store that restarts. */
const closedPort = async (s3: OwnS3) => {
  const reserved = createTcpServer().listen(0, '127.0.0.1')
  await once(reserved, 'listening')
  const { port } = reserved.address() as AddressInfo
  reserved.close()
  await once(reserved, 'close')
  const open = () => tcpProxy(s3.url, (client, upstream) => void client.pipe(upstream).pipe(client), port)
  return { url: `http://127.0.0.1:${port}`, open }
}

const variablesFor = (url: string) => ({
  S3_ENDPOINT_URL: url,
  S3_ACCESS_KEY: 'a',
  S3_SECRET_KEY: 's',
  S3_DEFAULT_BUCKET: 'b',
})

const write = async ({ files }: Pick<TaskContext, 'files'>, bytes = 10) => {
  await files.write('out', Buffer.alloc(bytes, 1))
  return { data: { out: await files.pathTo('out') } }
}

describe('while the store is away', () => {
  it('finished work waits for it, and /readyz names it until it is back', async () => {
    lowDice()
    const s3 = await startOwnS3()
    const { url, open } = await closedPort(s3)
    const { run, worker } = await fileWorker({
      variables: variablesFor(url),
      tasks: (each) => each.task('t', (_, context) => write(context)),
    })
    const job = run('t')
    const concern = { ready: true, reason: `object store ${url} fails: ECONNREFUSED` }
    await eventually('the store is a concern', () => isDeepStrictEqual(worker.readiness, concern))
    await open()
    expect((await job).history['out']).toMatch(/^s3:\/\/b\//)
    expect(worker.readiness).toEqual({ ready: true })
  })

  it('a download waits for it, and continues where it was', async () => {
    lowDice()
    const s3 = await startOwnS3()
    const content = randomBytes(4 * MB)
    s3.objects.set('k', content)
    s3.fault = (_, number) => {
      if (number === 1) return { kind: 'cut', after: 2 * MB }
      return number < 30 ? DOWN : undefined
    }
    const { run } = await fileWorker({
      variables: variablesFor(s3.url),
      tasks: (each) =>
        each.task('t', async ({ file }) => ({
          data: { isSame: (await readFile(file)).equals(content) },
        })),
    })
    expect((await run('t', { file: 's3://b/k' })).history).toEqual({ isSame: true })
    expect(s3.requests.at(-1)?.range).toMatch(/^bytes=\d{5,}-$/)
  })

  it('each transfer has its own time: the failures of others do not use it up', async () => {
    lowDice()
    const s3 = await startOwnS3()
    const failures = new Map<string, number>()
    s3.fault = ({ key }) => {
      const count = (failures.get(key) ?? 0) + 1
      failures.set(key, count)
      return count < 12 ? DOWN : undefined
    }
    const store = new S3Store({ endpointUrl: s3.url, accessKey: 'a', secretKey: 's', maxConcurrency: 16 })
    const path = join(await temporaryFolder(), 'file')
    await writeFile(path, 'content')
    const { signal } = new AbortController()
    // The SDK's own quota is used up after 50 to 100 failures of all requests together.
    const keys = Array.from({ length: 16 }, (_, index) => `${index}`)
    await Promise.all(keys.map((key) => store.upload(path, { bucket: 'b', key }, { signal })))
    expect(s3.objects.size).toBe(16)
  })

  it('a transfer is given up with the reason of its task, while a request or a pause lasts', async () => {
    const s3 = await startOwnS3()
    s3.fault = () => DOWN
    const store = new S3Store({ endpointUrl: s3.url, accessKey: 'a', secretKey: 's', maxConcurrency: 1 })
    const path = join(await temporaryFolder(), 'file')
    await writeFile(path, Buffer.alloc(9 * MB))
    const task = new AbortController()
    s3.onRequest = () => {
      if (s3.requests.length === 4) task.abort(new TransientError('the deadline'))
    }
    const failed = store.upload(path, { bucket: 'b', key: 'k' }, { signal: task.signal })
    await expect(failed).rejects.toThrow('the deadline')
    expect(s3.requests).toHaveLength(4)
  })

  it('longer than S3_RETRY_MAX_SECONDS, the task fails and may be tried again', async () => {
    lowDice()
    const s3 = await startOwnS3()
    s3.fault = () => DOWN
    const { run, worker } = await fileWorker({
      variables: { ...variablesFor(s3.url), S3_RETRY_MAX_SECONDS: 0.3 },
      tasks: (each) => each.task('t', (_, context) => write(context)),
    })
    const codes: unknown[] = []
    worker.on('taskFinished', ({ error }) => codes.push(error?.code))
    await run('t')
    expect(codes).toEqual(['TRANSIENT_ERROR'])
    // The last request looks whether the upload has succeeded nevertheless.
    expect(s3.requests.length).toBeGreaterThan(2)
  })

  it('an answer that is no outage is no concern, and ends the transfer at once', async () => {
    const s3 = await startOwnS3()
    const store = new S3Store({ endpointUrl: s3.url, accessKey: 'a', secretKey: 's', maxConcurrency: 1 })
    const path = join(await temporaryFolder(), 'file')
    const { signal } = new AbortController()
    for (const [status, code] of [
      [403, 'AccessDenied'],
      [501, 'NotImplemented'],
      [404, 'NoSuchKey'],
    ] as const) {
      s3.fault = () => ({ kind: 'status', status, code })
      await expect(store.download({ bucket: 'b', key: 'k' }, `${path}${status}`, { signal })).rejects.toThrow(
        code,
      )
      expect(store.concern).toBeUndefined()
    }
    expect(s3.requests.length).toBeLessThan(6)
  })

  it('the properties of an object are not waited for: the cache then downloads it', async () => {
    lowDice()
    const s3 = await startOwnS3()
    s3.fault = () => DOWN
    const access = { endpointUrl: s3.url, accessKey: 'a', secretKey: 's', maxConcurrency: 1 }
    const store = new S3Store({ ...access, retryMaxMs: 100 })
    const { signal } = new AbortController()
    await expect(store.stat({ bucket: 'b', key: 'k' }, { signal })).rejects.toThrow()
    expect(store.concern).toBe(`object store ${s3.url} fails: status 503`)
  })
})

describe('credentials', () => {
  /** A service that gives credentials, as containers have one. */
  const credentialService = async (isUp: () => boolean) => {
    let asked = 0
    const server: Server = createServer((_, response) => {
      asked++
      if (!isUp()) return void response.writeHead(500).end('not now')
      const Expiration = '2999-01-01T00:00:00Z'
      response.end(JSON.stringify({ AccessKeyId: 'a', SecretAccessKey: 's', Token: 't', Expiration }))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    const NONE = [
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_PROFILE',
      'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    ]
    for (const name of NONE) vi.stubEnv(name, undefined)
    for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null')
    vi.stubEnv(
      'AWS_CONTAINER_CREDENTIALS_FULL_URI',
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    )
    onTestFinished(() => void vi.unstubAllEnvs())
    return { asked: () => asked }
  }

  const setUp = async (isUp: () => boolean, retryMaxMs: number) => {
    lowDice()
    const s3 = await startOwnS3()
    s3.objects.set('k', Buffer.from('content'))
    const service = await credentialService(isUp)
    const { logger } = linesOf()
    const store = new S3Store({ endpointUrl: s3.url, maxConcurrency: 1, retryMaxMs }, logger)
    const path = join(await temporaryFolder(), 'file')
    const { signal } = new AbortController()
    return {
      service,
      store,
      path,
      download: () => store.download({ bucket: 'b', key: 'k' }, path, { signal }),
    }
  }

  it('that cannot be had for a moment are waited for', async () => {
    let asks = 0
    const { download, path } = await setUp(() => ++asks > 4, 60_000)
    await download()
    expect(await readFile(path, 'utf8')).toBe('content')
  })

  it('that cannot be had at all are something that may pass, and the error names the variables', async () => {
    const { download, store } = await setUp(() => false, 100)
    const error = await download().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toContain('Set S3_ACCESS_KEY and S3_SECRET_KEY')
    expect(store.concern).toMatch(/credentials cannot be loaded$/)
  })
})

describe('more transfers than the SDK has sockets', () => {
  it('run at the same time, as many as S3_MAX_CONCURRENCY says', async () => {
    const s3 = await startOwnS3()
    const many = 60
    let open = 0
    let release = () => {}
    const all = new Promise<void>((resolve) => {
      release = resolve
    })
    for (let index = 0; index < many; index++) s3.objects.set(`d/${index}`, Buffer.from('x'))
    s3.onRequest = ({ key }) => {
      if (key === '') return undefined
      if (++open === many) release()
      return all
    }
    const { run } = await fileWorker({
      variables: { ...variablesFor(s3.url), S3_MAX_CONCURRENCY: many },
      tasks: (each) => each.task('t', () => ({})),
    })
    expect((await run('t', { folder: 's3://b/d/' })).status).toBe('finished')
  })
})
