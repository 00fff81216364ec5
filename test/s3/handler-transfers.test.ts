import { createHash } from 'node:crypto'
import { readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type RawParams, StateError, type TaskContext, type TaskFiles, type Worker } from 'avtomatika-worker'
import { describe, expect, it } from 'vitest'
import { fileWorker } from '../support/files/file-worker.js'
import { nextEvent } from '../support/next-event.js'
import { holdRequests } from '../support/s3/held-requests.js'
import { startOwnS3 } from '../support/s3/own-s3.js'

type Handler = (files: TaskFiles, params: RawParams, ctx: TaskContext) => unknown

const setUp = async (handler: Handler, objects: Record<string, string | Buffer> = {}, variables = {}) => {
  const s3 = await startOwnS3()
  for (const [key, content] of Object.entries(objects)) s3.objects.set(key, Buffer.from(content))
  const setup = await fileWorker({
    variables: {
      S3_ENDPOINT_URL: s3.url,
      S3_ACCESS_KEY: 'a',
      S3_SECRET_KEY: 's',
      S3_DEFAULT_BUCKET: 'b',
      ...variables,
    },
    tasks: (worker) =>
      worker.task('t', async (params, ctx) => ({ data: { back: await handler(ctx.files, params, ctx) } })),
  })
  return { s3, ...setup }
}

/** Runs one task. Returns what the handler returned, and the objects in the store. */
const backOf = async (handler: Handler, objects = {}, variables = {}) => {
  const { run, s3 } = await setUp(handler, objects, variables)
  const job = await run('t')
  expect(job.errorMessage).toBeUndefined()
  const stored = Object.fromEntries([...s3.objects].map(([key, bytes]) => [key, bytes.toString()]))
  return { back: job.history['back'], taskId: job.taskId, stored, s3 }
}

const codeAndMessage = (error: unknown) => {
  const { code, message } = error as { code: string; message: string }
  return `${code}: ${message}`
}

const etagOf = (text: string) => createHash('md5').update(text).digest('hex')

describe('upload()', () => {
  it.each([
    ['nothing', undefined, 'b', (id: string) => `results/${id}/out/a.txt`],
    ['a name', 'final/b.txt', 'b', (id: string) => `results/${id}/final/b.txt`],
    ['a folder', 'final/', 'b', (id: string) => `results/${id}/final/a.txt`],
    ['a URI', 's3://b/x/ü y.txt', 'b', () => 'x/ü y.txt'],
    ['the URI of a folder', 's3://b/x/', 'b', () => 'x/a.txt'],
    ['a bucket', 's3://b/', 'b', () => 'a.txt'],
  ])('to %s returns uri, size and etag', async (_, to, bucket, keyOf) => {
    const handler: Handler = async (files) => {
      await files.write('out/a.txt', 'content')
      return files.upload('out/a.txt', to)
    }
    const { back, taskId, stored } = await backOf(handler, {}, { S3_KEY_PREFIX: 'results' })
    const key = keyOf(taskId ?? '')
    expect(back).toEqual({ uri: `s3://${bucket}/${key}`, size: 7, etag: etagOf('content') })
    expect(stored).toEqual({ [key]: 'content' })
  })

  it('takes the path of a file, too', async () => {
    const { back } = await backOf(async (files) => {
      await files.write('a', 'a')
      return (await files.upload(await files.pathTo('a'))).size
    })
    expect(back).toBe(1)
  })

  it.each<[string, (files: TaskFiles) => Promise<unknown>, string]>([
    ['a file that is not there', (files) => files.upload('a'), '"a" cannot be uploaded: it does not exist'],
    ['a folder', (files) => files.upload('f'), 'Use uploadDir()'],
    ['a file with uploadDir()', (files) => files.uploadDir('f/x'), 'Use upload()'],
    ['a name that leaves the directory', (files) => files.upload('../a'), 'it leaves the directory'],
    ['a link out', (files) => files.upload('link'), 'leads out of the directory'],
    ['a target that leaves the task', (files) => files.upload('f/x', '../other'), 'it leaves the directory'],
    ['an absolute target', (files) => files.upload('f/x', '/other'), 'it is absolute'],
    ['an invalid URI', (files) => files.upload('f/x', 's3://a b/k'), 'no valid bucket name'],
  ])('refuses %s with INVALID_INPUT_ERROR', async (_, use, why) => {
    const { back, stored } = await backOf(async (files) => {
      await files.write('f/x', 'x')
      await symlink('/etc/hostname', join(files.root, 'link'))
      return use(files).catch(codeAndMessage)
    })
    expect(back).toMatch(/^INVALID_INPUT_ERROR: /)
    expect(back).toContain(why)
    expect(stored).toEqual({})
  })

  it('fails with the code of the failure, which ends the task unless the handler goes on', async () => {
    const handler: Handler = async (files) => {
      await files.write('a', 'a')
      return files.upload('a', 's3://other/a')
    }
    const { run } = await setUp(handler)
    expect(await run('t')).toMatchObject({
      status: 'quarantined',
      errorMessage: expect.stringContaining('s3://other/a cannot be uploaded: NoSuchBucket'),
    })
  })

  it.each<[string, (worker: Worker) => Promise<void> | undefined]>([
    ['and its directory is about to be removed', () => undefined],
    ['and its directory is gone', (worker) => worker.stop({ pollGraceMs: 0 })],
  ])('is refused after the task has ended, %s', async (_, settled) => {
    let files: TaskFiles | undefined
    const { run, worker } = await setUp(async (each) => {
      files = each
      await each.write('a', 'a')
    })
    const delivered = nextEvent(worker, 'resultDelivered')
    await run('t')
    await delivered
    await settled(worker)
    await expect(files?.upload('a')).rejects.toThrow(StateError)
    await expect(files?.download('s3://b/k')).rejects.toThrow(StateError)
  })

  it('stops when the task is aborted, and leaves no multipart upload behind', async () => {
    const handler: Handler = async (files) => {
      await files.write('large', Buffer.alloc(20_000_000))
      await files.upload('large')
    }
    const { run, s3, worker } = await setUp(handler, {}, { WORKER_SHUTDOWN_TIMEOUT: 0 })
    const ended = nextEvent(worker, 'taskFinished')
    s3.onRequest = async ({ method }) => {
      if (method !== 'PUT') return
      void worker.stop({ pollGraceMs: 0 })
      await ended
    }
    const job = run('t')
    expect(await ended).toMatchObject({ error: { message: 'The worker is shutting down' } })
    await worker.stop()
    expect(s3.uploads.size).toBe(0)
    expect(s3.objects.size).toBe(0)
    await job.catch(() => {})
  })
})

describe('uploadDir()', () => {
  const fill = async (files: TaskFiles) => {
    await files.write('out/a', 'a')
    await files.write('out/deep/b', 'bb')
    await symlink('/etc', join(files.root, 'out/etc'))
  }

  it.each([
    ['a folder', 'out', undefined, (id: string) => `${id}/out/`, ''],
    ['a folder to a name', 'out', 'final', (id: string) => `${id}/final/`, ''],
    ['a folder to a name with a slash', 'out', 'final/', (id: string) => `${id}/final/`, ''],
    ['a folder to a URI', 'out', 's3://b/x/y', () => 'x/y/', ''],
    ['the directory', undefined, undefined, (id: string) => `${id}/`, 'out/'],
  ])('uploads %s', async (_, name, to, prefixOf, between) => {
    const { back, taskId, stored } = await backOf(async (files) => {
      await fill(files)
      return files.uploadDir(name, to)
    })
    const prefix = prefixOf(taskId ?? '')
    const keys = [`${prefix}${between}a`, `${prefix}${between}deep/b`]
    expect(Object.keys(stored).sort()).toEqual(keys)
    expect(back).toMatchObject({ uri: `s3://b/${prefix}`, size: 3 })
    const { files } = back as { files: { uri: string; size: number; etag: string }[] }
    expect(files.sort((one, other) => one.size - other.size)).toEqual([
      { uri: `s3://b/${keys[0]}`, size: 1, etag: etagOf('a') },
      { uri: `s3://b/${keys[1]}`, size: 2, etag: etagOf('bb') },
    ])
  })
})

describe('download()', () => {
  const sha256 = createHash('sha256').update('content')
  const digest = sha256.digest()
  const crc = crc32('content').toString(16).padStart(8, '0')

  it('returns the path, uri, size and etag, under the last part of the key or a name', async () => {
    const { back } = await backOf(
      async (files) => {
        const first = await files.download('s3://b/in/photo.jpg')
        const [second, third] = await Promise.all(
          ['s3://b/other/photo.jpg', 's3://b/in/photo.jpg'].map((uri) => files.download(uri)),
        )
        const named = await files.download('s3://b/in/photo.jpg', 'sub/x.jpg')
        const texts = [first, second, third, named].map((each) => readFile(each?.path ?? '', 'utf8'))
        return {
          first: { ...first, path: first.path.slice(files.root.length) },
          texts: await Promise.all(texts),
          names: await files.list(),
        }
      },
      { 'in/photo.jpg': 'content', 'other/photo.jpg': 'other' },
    )
    expect(back).toEqual({
      first: { uri: 's3://b/in/photo.jpg', size: 7, etag: etagOf('content'), path: '/photo.jpg' },
      texts: ['content', 'other', 'content', 'content'],
      names: ['photo-2.jpg', 'photo-3.jpg', 'photo.jpg', 'sub'],
    })
  })

  it('replaces a file, unless it fails', async () => {
    const { back } = await backOf(
      async (files) => {
        await files.write('a', 'old')
        const failure = await files.download('s3://b/none', 'a').catch(codeAndMessage)
        const old = await files.read('a')
        await files.download('s3://b/k', 'a')
        return { failure, old, now: await files.read('a'), names: await files.list() }
      },
      { k: 'new' },
    )
    expect(back).toEqual({
      failure: expect.stringMatching(/^INVALID_INPUT_ERROR: .*NoSuchKey/),
      old: 'old',
      now: 'new',
      names: ['a'],
    })
  })

  it('of a prefix brings every object below', async () => {
    const { back } = await backOf(
      async (files) => {
        const { uri, size } = await files.download('s3://b/p/in/', 'got')
        return { uri, size, names: await files.list('got'), deep: await files.read('got/sub/b') }
      },
      { 'p/in/a': 'a', 'p/in/sub/b': 'bb' },
    )
    expect(back).toEqual({ uri: 's3://b/p/in/', size: 3, names: ['a', 'sub'], deep: 'bb' })
  })

  it.each([
    `sha256:${digest.toString('hex')}`,
    digest.toString('hex').toUpperCase(),
    `SHA-256:${digest.toString('base64')}`,
    `md5:${etagOf('content')}`,
    etagOf('content'),
    createHash('sha1').update('content').digest('hex'),
    `crc32:${crc}`,
    `crc32:${Buffer.from(crc, 'hex').toString('base64')}`,
  ])('accepts content with the checksum %s', async (checksum) => {
    const { back } = await backOf(
      async (files) => (await files.download('s3://b/k', 'a', { checksum })).size,
      {
        k: 'content',
      },
    )
    expect(back).toBe(7)
  })

  it('tries three times if the checksum is another one, and leaves nothing behind', async () => {
    const { back, s3 } = await backOf(
      async (files) => {
        const failure = await files
          .download('s3://b/k', 'a', { checksum: `md5:${etagOf('expected')}` })
          .catch(codeAndMessage)
        return { failure, names: await files.list() }
      },
      { k: 'content' },
    )
    expect(back).toEqual({
      failure: expect.stringMatching(
        /^INTEGRITY_MISMATCH_ERROR: s3:\/\/b\/k was downloaded 3 times: its md5/,
      ),
      names: [],
    })
    expect(s3.requests).toHaveLength(3)
  })

  it('takes the right content if it comes the second time', async () => {
    const { run, s3 } = await setUp(
      async (files) => {
        await files.download('s3://b/k', 'a', { checksum: etagOf('new') })
        return files.read('a')
      },
      { k: 'old' },
    )
    s3.onRequest = () => {
      if (s3.requests.length > 1) s3.objects.set('k', Buffer.from('new'))
    }
    expect((await run('t')).history).toEqual({ back: 'new' })
  })

  it.each(['sha256:abc', 'sha512:00', '', 'xyz', 'crc32:'])('refuses the checksum %j', async (checksum) => {
    const { back, s3 } = await backOf((files) =>
      files.download('s3://b/k', 'a', { checksum }).catch(codeAndMessage),
    )
    expect(back).toContain('INVALID_INPUT_ERROR: Invalid checksum')
    expect(s3.requests).toEqual([])
  })

  it('is limited by TASK_FILES_MAX_BYTES, with room again for what the handler removed', async () => {
    const { back } = await backOf(
      async (files) => {
        const over = await files.download('s3://b/large').catch(codeAndMessage)
        for (let count = 0; count < 3; count++) {
          const { path } = await files.download('s3://b/k')
          await rm(path)
        }
        return { over, names: await files.list() }
      },
      { k: 'x'.repeat(600), large: 'x'.repeat(1_001) },
      { TASK_FILES_MAX_BYTES: 1_000 },
    )
    expect(back).toEqual({ over: expect.stringContaining('PERMANENT_ERROR: Task files exceed'), names: [] })
  })
})

describe('JSON files', () => {
  it('are written and read', async () => {
    const { back } = await backOf(async (files) => {
      await files.writeJson('deep/a.json', { a: [1, 'ü'] })
      await files.write('bom.json', '\ufeff{"b":1}')
      await files.writeJson('line.json', { c: 1 }, 0)
      return [
        await files.readJson('deep/a.json'),
        await files.readJson('bom.json'),
        await files.read('deep/a.json'),
        await files.read('line.json'),
      ]
    })
    expect(back).toEqual([{ a: [1, 'ü'] }, { b: 1 }, '{\n  "a": [\n    1,\n    "ü"\n  ]\n}', '{"c":1}'])
  })

  it('that are not JSON are INVALID_INPUT_ERROR, and what cannot be JSON is a TypeError', async () => {
    const { back } = await backOf(async (files) => {
      await files.write('a.json', '{"a":')
      const circle: { self?: unknown } = {}
      circle.self = circle
      const refused = [undefined, () => {}, 1n, circle].map((value) =>
        files.writeJson('b.json', value).catch((error) => error.name),
      )
      return [
        await files.readJson('a.json').catch(codeAndMessage),
        ...(await Promise.all(refused)),
        await files.list(),
      ]
    })
    expect(back).toEqual([
      expect.stringMatching(/^INVALID_INPUT_ERROR: File "a.json" is not JSON: /),
      ...Array(4).fill('TypeError'),
      ['a.json'],
    ])
  })
})

describe('S3_MAX_CONCURRENCY', () => {
  it('bounds the transfers of handlers, too', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `in/${index}`)
    const objects = Object.fromEntries(names.map((name) => [name, name]))
    const { run, s3 } = await setUp(
      (files) => Promise.all(names.map((name) => files.download(`s3://b/${name}`))).then(() => 'done'),
      objects,
      { S3_MAX_CONCURRENCY: 2 },
    )
    const requests = holdRequests(s3, 'in/')
    const job = run('t')
    await requests.letGoAt(2)
    expect((await job).history).toEqual({ back: 'done' })
    requests.expectMost(2)
  })
})

describe('without a store', () => {
  it('transfers fail for good and name the variable, and JSON works', async () => {
    const { run } = await fileWorker({
      tasks: (worker) =>
        worker.task('t', async (_, { files }) => {
          await files.writeJson('a', 1)
          return {
            upload: await files.upload('a').catch(codeAndMessage),
            uploadDir: await files.uploadDir().catch(codeAndMessage),
            download: await files.download('s3://b/k').catch(codeAndMessage),
            json: await files.readJson('a'),
          }
        }),
    })
    const refused = expect.stringMatching(
      /^PERMANENT_ERROR: .*: no store is configured\. Set S3_ENDPOINT_URL/,
    )
    expect((await run('t')).history).toEqual({
      upload: refused,
      uploadDir: refused,
      download: refused,
      json: 1,
    })
  })
})
