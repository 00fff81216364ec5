import { readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, join, relative } from 'node:path'
import {
  InvalidInputError,
  type ObjectStore,
  type RawParams,
  TaskCancelledError,
  type TaskContext,
} from 'avtomatika-worker'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { S3Store } from '../../src/storage/s3-store.js'
import { TaskRegistry } from '../../src/tasks/definition.js'
import { TaskDirectories } from '../../src/tasks/files/task-directories.js'
import { taskStorage } from '../../src/tasks/files/task-storage.js'
import { runTask } from '../../src/tasks/run-task.js'
import { TaskSignal } from '../../src/tasks/task-signal.js'
import { Wake } from '../../src/utils/wake.js'
import { idleTools } from '../support/context-tools.js'
import { directorySettings } from '../support/files/directory-settings.js'
import { fileWorker } from '../support/files/file-worker.js'
import { listing } from '../support/files/listing.js'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { eventually } from '../support/interop/eventually.js'
import { linesOf } from '../support/log-lines.js'
import { holdRequests } from '../support/s3/held-requests.js'
import { type OwnS3, startOwnS3 } from '../support/s3/own-s3.js'
import { UNWATCHED } from '../support/unwatched.js'

type Handler = (params: RawParams, ctx: TaskContext) => object | Promise<object>

const variablesFor = (s3: OwnS3) => ({
  S3_ENDPOINT_URL: s3.url,
  S3_ACCESS_KEY: 'a',
  S3_SECRET_KEY: 's',
  S3_DEFAULT_BUCKET: 'b',
})

const setUp = async (handler: Handler, objects: Record<string, string> = {}, variables = {}) => {
  const s3 = await startOwnS3()
  for (const [key, text] of Object.entries(objects)) s3.objects.set(key, Buffer.from(text))
  const worker = await fileWorker({
    variables: { ...variablesFor(s3), ...variables },
    tasks: (each) => each.task('t', async (params, ctx) => ({ data: await handler(params, ctx) })),
  })
  return { s3, ...worker }
}

/** What lies in the store, by key. */
const stored = ({ objects }: OwnS3) =>
  Object.fromEntries([...objects].map(([key, bytes]) => [key, bytes.toString()]))

const read = (path: string) => readFile(path, 'utf8')

describe('s3:// values in the params', () => {
  it('become local paths, at any depth, before validation', async () => {
    const s3 = await startOwnS3()
    s3.objects.set('photo.jpg', Buffer.from('jpg'))
    const { run, folder } = await fileWorker({
      variables: variablesFor(s3),
      tasks: (each) =>
        each.task(
          't',
          {
            params: z.object({
              deep: z.array(z.object({ image: z.string().startsWith('/') })),
              n: z.number(),
            }),
          },
          async ({ deep, n }) => {
            const [first] = deep
            return { data: { name: basename(first?.image ?? ''), text: await read(first?.image ?? ''), n } }
          },
        ),
    })
    const job = await run('t', { deep: [{ image: 's3://b/photo.jpg' }], n: 1 })
    expect(job.history).toEqual({ name: 'photo.jpg', text: 'jpg', n: 1 })
    await eventually('the directory is gone', async () => (await listing(folder)).length === 0)
  })

  it('of one basename do not collide; the same URI is downloaded once', async () => {
    const handler: Handler = async ({ files }) => ({
      names: files.map((path: string) => basename(path)),
      texts: await Promise.all(files.map(read)),
    })
    const { run, s3 } = await setUp(handler, { 'x/a.txt': '1', 'y/a.txt': '2', 'y/A.TXT': '3' })
    const uris = ['s3://b/x/a.txt', 's3://b/y/a.txt', 's3://b/x/a.txt', 's3://b/y/A.TXT']
    expect((await run('t', { files: uris })).history).toEqual({
      names: ['a.txt', 'a-2.txt', 'a.txt', 'A-3.TXT'],
      texts: ['1', '2', '1', '3'],
    })
    expect(s3.requests).toHaveLength(3)
  })

  it('that end with a slash bring every object below, sub-folders kept', async () => {
    const handler: Handler = async ({ folder }) => ({
      name: basename(folder),
      top: await listing(folder),
      deep: await read(join(folder, 'sub/deep/c')),
      empty: await listing(join(folder, 'marker')),
    })
    const objects = {
      'p/in/a': 'a',
      'p/in/sub/deep/c': 'c',
      'p/in/marker/': '',
      'p/in/': '',
      'p/inner': 'no',
    }
    const { run } = await setUp(handler, objects)
    expect((await run('t', { folder: 's3://b/p/in/' })).history).toEqual({
      name: 'in',
      top: ['a', 'marker', 'sub'],
      deep: 'c',
      empty: [],
    })
  })

  it('may name a folder of 1,200 objects', async () => {
    const objects = Object.fromEntries(
      Array.from({ length: 1_200 }, (_, index) => [`many/${index}`, `${index}`]),
    )
    const handler: Handler = async ({ many }) => ({
      many: (await listing(many)).length,
      last: await read(join(many, '1199')),
    })
    const { run } = await setUp(handler, objects)
    const job = await run('t', { many: 's3://b/many/' })
    expect(job.history).toEqual({ many: 1_200, last: '1199' })
  })

  it('may name a whole bucket, and a folder with nothing in it', async () => {
    const handler: Handler = async ({ all, none }) => ({
      all: await listing(all),
      none: await listing(none),
    })
    const { run } = await setUp(handler, { 'some/0': '0', 'some/1': '1', two: '2' })
    const job = await run('t', { all: 's3://b/', none: 's3://b/none/' })
    expect(job.history).toEqual({ all: ['some', 'two'], none: [] })
  })

  const ODD_KEYS = [
    'a b',
    'a+b',
    'a%20b',
    'a%2Fb',
    '100%',
    'ü/ö',
    '漢字/🎨.png',
    'a//b',
    '/absolute',
    '//two',
    '..',
    '../up',
    '../../etc/passwd',
    'a/../b',
    'a/..',
    './a',
    'a/.',
    'a\\..\\b',
    'C:\\x',
    '~',
    '-rf',
    '*',
    'a?b=c',
    'a#b',
    'a&b<c>"\'',
    '.hidden',
    `${'d/'.repeat(511)}xy`,
    'x'.repeat(1_024),
    `${'ü'.repeat(500)}.jpeg`,
  ]

  it.each(ODD_KEYS)('with the key %j arrive in the directory, and nowhere else', async (key) => {
    const handler: Handler = async ({ file }, { files }) => ({
      text: await read(file),
      isInside: join(files.root, basename(file)) === file,
      names: (await files.list()).length,
    })
    const { run } = await setUp(handler, { [key]: 'content' })
    expect((await run('t', { file: `s3://b/${key}` })).history).toEqual({
      text: 'content',
      isInside: true,
      names: 1,
    })
  })

  it.each([
    ['s3://', 'no valid bucket name'],
    ['s3:///k', 'no valid bucket name'],
    ['s3://b', 'no key'],
    ['s3://a b/k', 'no valid bucket name'],
    ['s3://b:80/k', 'no valid bucket name'],
    [`s3://b/${'x'.repeat(1_025)}`, 'longer than 1024 bytes'],
    ['s3://b/nul\0', 'NUL'],
    ['s3://b/not-there', 'NoSuchKey'],
    ['s3://other/k', 'NoSuchBucket'],
    ['s3://other/k/', 'NoSuchBucket'],
  ])('%j fails the job with INVALID_INPUT_ERROR', async (file, why) => {
    const { run } = await setUp(() => ({}))
    const job = await run('t', { file })
    expect(job).toMatchObject({ status: 'failed', errorMessage: expect.stringContaining(why) })
    expect(job.errorMessage).toContain(JSON.stringify(file).slice(1, -1).slice(0, 20))
  })

  it.each(['p/../up', 'p//x', 'p/./x', 'p/a/../../x', 'p/a\\b', `p/${'x'.repeat(300)}`])(
    'a folder with the key %j is refused, and nothing is written outside',
    async (key) => {
      const { run, s3 } = await setUp(() => ({}), { [key]: 'x' })
      const job = await run('t', { folder: 's3://b/p/' })
      expect(job).toMatchObject({
        status: 'failed',
        errorMessage: expect.stringContaining('cannot be a file'),
      })
      expect(s3.requests).toHaveLength(1)
    },
  )

  it('a folder in which a file is in the way of a folder is refused', async () => {
    const { run } = await setUp(() => ({}), { 'p/a': '1', 'p/a/b': '2' })
    const job = await run('t', { folder: 's3://b/p/' })
    expect(job).toMatchObject({
      status: 'failed',
      errorMessage: expect.stringContaining('beside the others'),
    })
  })

  it('larger than TASK_FILES_MAX_BYTES are not written', async () => {
    const handler: Handler = () => ({})
    const { run } = await setUp(
      handler,
      { 'p/a': 'x'.repeat(600), 'p/b': 'x'.repeat(600) },
      { TASK_FILES_MAX_BYTES: 1_000 },
    )
    for (const params of [{ folder: 's3://b/p/' }, { files: ['s3://b/p/a', 's3://b/p/b'] }]) {
      const job = await run('t', params)
      expect(job).toMatchObject({
        status: 'quarantined',
        errorMessage: expect.stringContaining('TASK_FILES_MAX_BYTES'),
      })
    }
  })
})

describe('S3_MAX_CONCURRENCY', () => {
  it('bounds the transfers of all tasks together', async () => {
    const names = Array.from({ length: 9 }, (_, n) => `in/${n}`)
    const objects = Object.fromEntries(names.map((name) => [name, name]))
    const { s3, run } = await setUp(() => ({}), objects, { S3_MAX_CONCURRENCY: 3 })
    const requests = holdRequests(s3, 'in/')
    const files = names.map((name) => `s3://b/${name}`)
    const running = Promise.all([run('t', { files }), run('t', { files })])
    await requests.letGoAt(3)
    const both = await running
    expect(both.map(({ status }) => status)).toEqual(['finished', 'finished'])
    requests.expectMost(3)
  })
})

describe('paths in the data', () => {
  it('may be spelled with and without the links on the way to TASK_FILES_DIR', async () => {
    const top = await temporaryFolder()
    for (const name of ['one', 'two']) await symlink('.', join(top, name))
    const handler: Handler = async (_, { files }) => {
      await files.write('out/a', 'a')
      const spelled = { given: await files.pathTo('out/a'), real: await realpath(files.root) }
      const below = relative(join(top, 'payloads'), spelled.real)
      const texts = [await files.read(join(spelled.real, 'out/a')), await files.read(spelled.given)]
      return { ...spelled, other: join(top, 'two/two/payloads', below, 'out'), not: join('/', below), texts }
    }
    const { run, s3 } = await setUp(handler, {}, { TASK_FILES_DIR: join(top, 'one/payloads') })
    const { history, taskId } = await run('t')
    expect(history).toEqual({
      given: `s3://b/${taskId}/out/a`,
      real: `s3://b/${taskId}/`,
      other: `s3://b/${taskId}/out/`,
      not: `/${taskId}`,
      texts: ['a', 'a'],
    })
    expect(stored(s3)).toEqual({ [`${taskId}/out/a`]: 'a' })
  })

  it('of files and folders become s3:// URIs that carry the task id', async () => {
    const handler: Handler = async (_, { files }) => {
      await files.write('out/a ü+%.txt', 'a')
      await files.write('folder/deep/b', 'b')
      await files.write('folder/empty', '')
      const image = await files.pathTo('out/a ü+%.txt')
      return {
        image,
        again: [{ image }],
        folder: await files.pathTo('folder'),
        text: `see ${image}`,
        other: '/etc/passwd',
      }
    }
    const { run, s3 } = await setUp(handler, {}, { S3_KEY_PREFIX: 'results/new' })
    const { taskId, history } = await run('t')
    const base = `results/new/${taskId}`
    expect(stored(s3)).toEqual({
      [`${base}/out/a ü+%.txt`]: 'a',
      [`${base}/folder/deep/b`]: 'b',
      [`${base}/folder/empty`]: '',
    })
    const image = `s3://b/${base}/out/a ü+%.txt`
    expect(history).toMatchObject({
      image,
      again: [{ image }],
      folder: `s3://b/${base}/folder/`,
      other: '/etc/passwd',
    })
  })

  it('that do not exist, or are not in the directory, stay as they are', async () => {
    const handler: Handler = (_, { files }) => ({
      a: join(files.root, 'not-there'),
      b: `${files.root}/../x`,
      c: 'a.txt',
    })
    const { run, s3, folder } = await setUp(handler)
    const { taskId = '', history } = await run('t')
    const root = join(folder, taskId)
    expect(history).toEqual({ a: join(root, 'not-there'), b: `${root}/../x`, c: 'a.txt' })
    expect(s3.requests).toEqual([])
  })

  it('never take symbolic links out of the directory', async () => {
    const handler: Handler = async (_, { files }) => {
      await files.write('folder/real', 'real')
      await symlink('/etc/passwd', join(files.root, 'folder/passwd'))
      await symlink('/etc', join(files.root, 'folder/etc'))
      await symlink('real', join(files.root, 'folder/inner'))
      await symlink('..', join(files.root, 'folder/circle'))
      return { folder: join(files.root, 'folder'), direct: join(files.root, 'folder/passwd') }
    }
    const { run, s3 } = await setUp(handler)
    const { taskId } = await run('t')
    expect(stored(s3)).toEqual({ [`${taskId}/folder/real`]: 'real', [`${taskId}/folder/inner`]: 'real' })
  })

  it('that cannot be uploaded fail the task', async () => {
    const handler: Handler = async (_, { files }) => {
      await files.write('a', 'a')
      return { a: await files.pathTo('a') }
    }
    const { run } = await setUp(handler, {}, { S3_DEFAULT_BUCKET: 'other' })
    const job = await run('t')
    expect(job).toMatchObject({
      status: 'quarantined',
      errorMessage: expect.stringContaining('NoSuchBucket'),
    })
  })
})

describe('without a store', () => {
  it('values stay as they are', async () => {
    const { run } = await fileWorker({
      tasks: (each) =>
        each.task('t', async ({ uri }, { files }) => {
          await files.write('a', 'a')
          return { data: { uri, path: await files.pathTo('a'), root: files.root } }
        }),
    })
    const { history } = await run('t', { uri: 's3://b/k' })
    expect(history).toMatchObject({ uri: 's3://b/k', path: join(String(history['root']), 'a') })
  })
})

describe('a store of the user', () => {
  const memoryStore = (objects: Map<string, string>): ObjectStore => ({
    async *list(bucket, prefix) {
      for (const [key, text] of objects)
        if (key.startsWith(`${bucket}/${prefix}`))
          yield { key: key.slice(bucket.length + 1), size: text.length }
    },
    download: async ({ bucket, key }, path) => {
      const text = objects.get(`${bucket}/${key}`)
      if (text === undefined) throw new InvalidInputError(`there is no ${key}`)
      await writeFile(path, text)
      return { size: text.length }
    },
    upload: async (path, { bucket, key }) => {
      objects.set(`${bucket}/${key}`, await read(path))
      return { size: 1, etag: 'e' }
    },
  })

  it('takes the place of S3', async () => {
    const objects = new Map([['m/in/a', 'a']])
    const { run } = await fileWorker({
      objectStore: memoryStore(objects),
      tasks: (each) =>
        each.task('t', async ({ folder, file }, { files }) => {
          await files.write('out', `${await read(file)}${await listing(folder)}`)
          return { data: { out: await files.pathTo('out') } }
        }),
    })
    const { taskId, history } = await run('t', { folder: 's3://m/in/', file: 's3://m/in/a' })
    expect(history).toEqual({ out: `s3://avtomatika-payloads/${taskId}/out` })
    expect(objects.get(`avtomatika-payloads/${taskId}/out`)).toBe('aa')
    expect(await run('t', { file: 's3://m/b' })).toMatchObject({ status: 'failed' })
  })

  it('that finds the disk full makes the worker say so, until there is room again', async () => {
    const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    const store: ObjectStore = { ...memoryStore(new Map()), download: () => Promise.reject(full) }
    const reasons: unknown[] = []
    const { run, worker } = await fileWorker({
      objectStore: store,
      tasks: (each) => each.task('t', () => ({})),
    })
    worker.on('taskFinished', () => reasons.push(worker.readiness.reason))
    await run('t', { file: 's3://m/a' })
    expect(reasons).toEqual([expect.stringContaining('the disk of TASK_FILES_DIR is full')])
    await eventually('there is room', () => worker.readiness.ready)
  })
})

describe('a task that is cancelled', () => {
  const cancelled = async (method: 'GET' | 'PUT', params: object, handler: Handler) => {
    const s3 = await startOwnS3()
    s3.objects.set('k', Buffer.alloc(1_000))
    s3.fault = () => ({ kind: 'stall', after: 10 })
    const signal = new TaskSignal()
    s3.onRequest = (seen) => {
      if (seen.method === method) signal.abort(new TaskCancelledError())
    }
    const registry = new TaskRegistry()
    registry.add({ name: 't', taskType: undefined, params: undefined, handler })
    const { logger: log } = linesOf()
    const directories = new TaskDirectories(directorySettings(await temporaryFolder()), log, new Wake())
    const access = { endpointUrl: s3.url, accessKey: 'a', secretKey: 's', maxConcurrency: 2 }
    const storage = taskStorage(new S3Store(access), { defaultBucket: 'b', keyPrefix: '', maxConcurrency: 2 })
    const tools = idleTools(log)
    const offer = { jobId: 'j', taskId: 't-1', taskName: 't', params, priority: 0, tracingContext: {} }
    return {
      s3,
      outcome: await runTask(offer, signal, { registry, directories, storage, tools, watch: UNWATCHED }),
    }
  }

  it('stops its downloads', async () => {
    const { outcome } = await cancelled('GET', { file: 's3://b/k' }, () => ({}))
    expect(outcome).toEqual({ kind: 'cancelled' })
  })

  it('stops its uploads and leaves no multipart upload behind', async () => {
    const { outcome, s3 } = await cancelled('PUT', {}, async (_, { files }) => {
      await files.write('large', Buffer.alloc(30_000_000))
      return { large: await files.pathTo('large') }
    })
    expect(outcome).toEqual({ kind: 'cancelled' })
    expect(s3.uploads.size).toBe(0)
    expect(s3.objects.has('t-1/large')).toBe(false)
  })
})
