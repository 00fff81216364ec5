import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ProgressUpdate, RawParams, TaskContext } from 'avtomatika-worker'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { fileWorker } from '../support/files/file-worker.js'
import { nextEvent } from '../support/next-event.js'
import { type OwnS3, startOwnS3 } from '../support/s3/own-s3.js'

type Handler = (params: RawParams, ctx: TaskContext) => unknown

/** The clock of the worker stands still unless a test moves it. */
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
})

const variablesFor = (url: string) => ({
  S3_ENDPOINT_URL: url,
  S3_ACCESS_KEY: 'a',
  S3_SECRET_KEY: 's',
  S3_DEFAULT_BUCKET: 'b',
  S3_MAX_CONCURRENCY: 1,
})

/** Runs one task and returns what was reported. Each request that `isSlow` takes `ms`. */
const reported = async (
  handler: Handler,
  params: Record<string, unknown>,
  {
    ms = 600,
    isSlow = (method: string) => method === 'GET' || method === 'PUT',
    variables = {},
    objects = {},
  } = {},
) => {
  const s3: OwnS3 = await startOwnS3()
  for (const [key, size] of Object.entries(objects)) s3.objects.set(key, Buffer.alloc(Number(size)))
  s3.onRequest = ({ method }) => {
    if (isSlow(method)) vi.advanceTimersByTime(ms)
  }
  const { run, worker } = await fileWorker({
    variables: { ...variablesFor(s3.url), ...variables },
    tasks: (each) => each.task('t', async (given, ctx) => ({ data: await handler(given, ctx) })),
  })
  const updates: ProgressUpdate[] = []
  worker.on('progress', (update) => updates.push(update))
  const job = await run('t', params as never)
  expect(job.errorMessage).toBeUndefined()
  return updates.map(({ progress, message }) => [progress, message])
}

const four = { 'p/1': 100, 'p/2': 100, 'p/3': 100, 'p/4': 100 }
const uris = Object.keys(four).map((key) => `s3://b/${key}`)

describe('long downloads before the handler', () => {
  it('are seen as progress of the task, by objects and bytes', async () => {
    const updates = await reported(() => ({}), { files: uris }, { objects: four })
    expect(updates).toEqual([
      [0, 'downloading 1 of 4, 25 %'],
      [0, 'downloading 2 of 4, 50 %'],
      [0, 'downloading 3 of 4, 75 %'],
      [0, 'downloading 4 of 4, 100 %'],
    ])
  })

  it('of one object are seen while its bytes arrive', async () => {
    let end = () => {}
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-length': 2_000, etag: '"x-1"' })
      response.write(Buffer.alloc(1_000), () => {
        vi.advanceTimersByTime(600)
        response.write(Buffer.alloc(500))
      })
      end = () => response.end(Buffer.alloc(500))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close().closeAllConnections())
    const { run, worker } = await fileWorker({
      variables: variablesFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      tasks: (each) => each.task('t', () => ({})),
    })
    const seen = nextEvent(worker, 'progress')
    const job = run('t', { file: 's3://b/k' })
    // The last bytes are sent only after the first have been reported.
    expect((await seen).message).toMatch(/^downloading 1 of 1, (50|75) %$/)
    end()
    await job
  })

  it('are throttled, and short ones are not seen', async () => {
    expect(await reported(() => ({}), { files: uris }, { objects: four, ms: 100 })).toEqual([])
    const updates = await reported(() => ({}), { files: uris }, { objects: four, ms: 300 })
    expect(updates.map(([, message]) => message)).toEqual([
      'downloading 2 of 4, 50 %',
      'downloading 4 of 4, 100 %',
    ])
  })

  it('of a prefix count the objects that are known so far', async () => {
    const updates = await reported(() => ({}), { folder: 's3://b/p/' }, { objects: four })
    expect(updates[0]?.[1]).toMatch(/^downloading 1 of \d, \d+ %$/)
  })

  it.each(['off', false] as const)('are not reported with TRANSFER_PROGRESS=%s', async (setting) => {
    const options = { objects: four, variables: { TRANSFER_PROGRESS: setting } }
    const handler: Handler = async (_, { files }) => {
      for (const uri of uris) await files.download(uri)
      await files.write('out/a', 'a')
      await files.write('out/b', 'b')
      await files.uploadDir('out')
      return { out: await files.pathTo('out') }
    }
    expect(await reported(handler, { files: uris }, options)).toEqual([])
  })
})

describe('long uploads after the handler', () => {
  it('keep the fraction that the handler has reported last', async () => {
    const handler: Handler = async (_, { files, progress }) => {
      for (const name of ['a', 'b', 'c']) await files.write(`out/${name}`, name)
      progress(0.9, 'nearly')
      return { out: await files.pathTo('out') }
    }
    expect(await reported(handler, {})).toEqual([
      [0.9, 'nearly'],
      [0.9, 'uploading 1 of 3, 33 %'],
      [0.9, 'uploading 2 of 3, 66 %'],
      [0.9, 'uploading 3 of 3, 100 %'],
    ])
  })

  it('of one large file are seen by its parts', async () => {
    const handler: Handler = async (_, { files }) => {
      await files.write('large', Buffer.alloc(24 * 1_048_576))
      return { out: await files.pathTo('large') }
    }
    const updates = await reported(handler, {})
    expect(updates.map(([, message]) => message)).toEqual([
      'uploading 1 of 1, 33 %',
      'uploading 1 of 1, 66 %',
      'uploading 1 of 1, 100 %',
    ])
  })
})

describe('long transfers of a handler', () => {
  it('are seen together, and begin to count anew when all have arrived', async () => {
    const handler: Handler = async (_, { files }) => {
      await Promise.all(uris.slice(0, 2).map((uri) => files.download(uri)))
      await files.download(uris[2] ?? '')
      for (const name of ['a', 'b']) await files.write(name, name)
      await Promise.all(['a', 'b'].map((name) => files.upload(name)))
      await files.uploadDir()
      return {}
    }
    const updates = await reported(handler, {}, { objects: four })
    expect(updates.map(([, message]) => message)).toEqual([
      'downloading 1 of 2, 50 %',
      'downloading 2 of 2, 100 %',
      'downloading 1 of 1, 100 %',
      'uploading 1 of 2, 50 %',
      'uploading 2 of 2, 100 %',
      ...[20, 40, 60, 80, 100].map((percent, index) => `uploading ${index + 1} of 5, ${percent} %`),
    ])
  })
})
