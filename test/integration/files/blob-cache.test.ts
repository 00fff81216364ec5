import { chmod, mkdir, readdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { BlobCache } from '../../../src/storage/blob-cache.js'
import { CachedFiles } from '../../../src/storage/cached-files.js'
import type { ObjectStore } from '../../../src/storage/object-store.js'
import { S3Store } from '../../../src/storage/s3-store.js'
import { OwnDirectory } from '../../../src/utils/directories/own-directory.js'
import type { Logger } from '../../../src/utils/logger.js'
import { fileWorker } from '../../support/files/file-worker.js'
import { temporaryFolder } from '../../support/files/temporary-folder.js'
import { linesOf } from '../../support/log-lines.js'
import { type OwnS3, startOwnS3 } from '../../support/s3/own-s3.js'
import { NO_DISK, smallDisk } from '../../support/small-disk.js'

const KEYS = { accessKey: 'a', secretKey: 's' }
const blobCache = (store: ObjectStore, folder: string, maxBytes: number, space: string, log: Logger) =>
  new BlobCache(store, new CachedFiles(new OwnDirectory([folder], {}), maxBytes, space, log))

const cacheOf = (s3: OwnS3, folder: string, maxBytes = 1_000) => {
  const { logger: log, lines } = linesOf()
  const store = new S3Store({ endpointUrl: s3.url, ...KEYS, maxConcurrency: 8 })
  return { cache: blobCache(store, folder, maxBytes, s3.url, log), lines }
}

/** A store with some objects of 100 bytes, a cache in front of it, and how they are had. */
const setUp = async (maxBytes?: number) => {
  const s3 = await startOwnS3()
  for (const key of 'abc') s3.objects.set(key, Buffer.alloc(100, key))
  const folder = join(await temporaryFolder(), 'cache')
  const { cache, lines } = cacheOf(s3, folder, maxBytes)
  const target = await temporaryFolder()
  let files = 0
  const fetched = async (key: string, from = cache, options = {}) => {
    const path = join(target, `${++files}`)
    await from.download({ bucket: 'b', key }, path, { signal: new AbortController().signal, ...options })
    return readFile(path, 'utf8')
  }
  const warnings = () => lines.all.filter(({ level }) => level === 'warn').map(({ message }) => message)
  return { s3, folder, cache, fetched, warnings }
}

const gets = ({ requests }: OwnS3, key: string) =>
  requests.filter((request) => request.method === 'GET' && request.key === key).length

const entriesIn = async (folder: string) =>
  (await readdir(folder)).filter((name) => /^[\da-f]{64}$/.test(name))

const onlyEntry = async (folder: string) => join(folder, (await entriesIn(folder))[0] ?? '')

it('serves later tasks with the same file, read-only, whatever an earlier one put in its place', async () => {
  const s3 = await startOwnS3()
  s3.objects.set('model', Buffer.from('as it was'))
  const { run } = await fileWorker({
    variables: {
      S3_ENDPOINT_URL: s3.url,
      S3_ACCESS_KEY: 'a',
      S3_SECRET_KEY: 's',
      WORKER_BLOB_CACHE_DIR: join(await temporaryFolder(), 'cache'),
    },
    tasks: (worker) =>
      worker.task('replace', async ({ model }) => {
        const text = await readFile(model, 'utf8')
        const { mode, ino } = await stat(model)
        await rm(model)
        await writeFile(model, 'changed')
        return { text, mode: mode & 0o777, ino }
      }),
  })
  const { history: first } = await run('replace', { model: 's3://b/model' })
  expect(first).toMatchObject({ text: 'as it was', mode: 0o400 })
  for (let task = 0; task < 2; task++)
    expect((await run('replace', { model: 's3://b/model' })).history).toEqual(first)
  expect(gets(s3, 'model')).toBe(1)
})

it('downloads an object anew that has changed', async () => {
  const { s3, fetched } = await setUp()
  expect(await fetched('a')).toBe('a'.repeat(100))
  s3.objects.set('a', Buffer.from('new'))
  expect(await fetched('a')).toBe('new')
  expect(await fetched('a')).toBe('new')
  expect(gets(s3, 'a')).toBe(2)
})

describe('the version of an entry', () => {
  const OLD = Buffer.alloc(900, 'old')
  const NEW = Buffer.alloc(900, 'new')

  it('is the one that was written, though HEAD showed another and the connection broke in between', async () => {
    const { s3, fetched, folder } = await setUp(10_000)
    s3.objects.set('a', OLD)
    s3.answerInstead = ({ seen, number, response }) => {
      if (seen.method === 'GET' && number === 1) {
        response.writeHead(200, { etag: '"old-2"', 'content-length': 900 })
        response.write(OLD.subarray(0, 500), () => {
          s3.objects.set('a', NEW)
          response.destroy()
        })
        return true
      }
      return false
    }
    expect(await fetched('a')).toBe(NEW.toString())
    expect(await readFile(await onlyEntry(folder), 'utf8')).toBe(NEW.toString())
    const before = gets(s3, 'a')
    expect(await fetched('a')).toBe(NEW.toString())
    expect(gets(s3, 'a')).toBe(before)
    s3.objects.set('a', OLD)
    expect(await fetched('a')).toBe(OLD.toString())
  })

  it.each<[string, Record<string, string>]>([
    ['a weak ETag may stand for other bytes', { etag: 'W/"a"' }],
    ['an empty ETag stands for nothing', { etag: '""' }],
  ])('is unknown, and nothing is kept: %s', async (_, headers) => {
    const { s3, fetched } = await setUp()
    s3.answerInstead = ({ response }) => {
      response.writeHead(200, { 'content-length': 100, ...headers }).end('a'.repeat(100))
      return true
    }
    for (let time = 0; time < 2; time++) expect(await fetched('a')).toBe('a'.repeat(100))
    expect(gets(s3, 'a')).toBe(2)
  })

  it('has one size, or is not kept', async () => {
    const { s3, fetched, folder, warnings } = await setUp()
    s3.answerInstead = ({ seen, response }) => {
      const length = seen.method === 'HEAD' ? 40 : 100
      response.writeHead(200, { 'content-length': length, etag: '"a-2"' })
      response.end(seen.method === 'HEAD' ? undefined : 'a'.repeat(100))
      return true
    }
    for (let time = 0; time < 2; time++) expect(await fetched('a')).toBe('a'.repeat(100))
    expect(gets(s3, 'a')).toBe(2)
    expect(warnings()).toEqual([])
    expect(await readdir(folder)).toEqual([])
  })
})

it('keeps the same key of another store apart', async () => {
  const { s3, folder, fetched } = await setUp()
  const other = await startOwnS3()
  other.objects.set('a', Buffer.alloc(100, 'a'))
  await fetched('a')
  await fetched('a', cacheOf(other, folder).cache)
  expect([gets(s3, 'a'), gets(other, 'a')]).toEqual([1, 1])
})

it('downloads once for all who ask at the same time', async () => {
  const { s3, fetched } = await setUp()
  const all = await Promise.all(Array.from({ length: 10 }, () => fetched('a')))
  expect(new Set(all)).toEqual(new Set(['a'.repeat(100)]))
  expect(gets(s3, 'a')).toBe(1)
})

it('lets the next one take over when a download that others wait for is called off', async () => {
  const { s3, fetched } = await setUp()
  const first = new AbortController()
  let reached = () => {}
  const underWay = new Promise<void>((resolve) => {
    reached = resolve
  })
  s3.fault = ({ method }, number) => {
    if (method !== 'GET' || number > 1) return undefined
    reached()
    return { kind: 'stall', after: 10 }
  }
  const given = fetched('a', undefined, { signal: first.signal })
  await underWay
  const others = [fetched('a'), fetched('a')]
  first.abort(new Error('the job was cancelled'))
  await expect(given).rejects.toThrow('the job was cancelled')
  expect(await Promise.all(others)).toEqual(['a'.repeat(100), 'a'.repeat(100)])
  expect(gets(s3, 'a')).toBe(2)
})

describe('one that waits for the download of another', () => {
  /** A store in which a download never ends, and somebody who waits for that. */
  const waiting = async (signal = new AbortController().signal) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => {
      expect(vi.getTimerCount()).toBe(0)
      vi.useRealTimers()
    })
    let downloads = 0
    let reached = () => {}
    const underWay = new Promise<void>((resolve) => {
      reached = resolve
    })
    const store: ObjectStore = {
      async *list() {},
      stat: async () => ({ size: 3, etag: 'e' }),
      download: async (_, path) => {
        if (++downloads === 1) {
          reached()
          await new Promise(() => {})
        }
        await writeFile(path, 'abc')
        return { size: 3, etag: 'e' }
      },
      upload: async () => ({ size: 0 }),
    }
    const folder = await temporaryFolder()
    const workers = [1, 2].map(() => blobCache(store, folder, 1_000, 's', linesOf().logger))
    const download = async (worker: number, name: string, options = {}) =>
      workers[worker]?.download({ bucket: 'b', key: 'k' }, join(folder, name), {
        signal: new AbortController().signal,
        ...options,
      })
    void download(0, 'first')
    await underWay
    const waits = download(0, 'second', { signal })
    while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve))
    return { waits, byOther: () => download(1, 'other') }
  }

  it('looks after an hour, and not earlier, whether another worker has brought it', async () => {
    const { waits, byOther } = await waiting()
    await byOther()
    await vi.advanceTimersByTimeAsync(3_599_999)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    expect(await waits).toEqual({ size: 3, etag: 'e' })
  })

  it('leaves no timer when its task is cancelled', async () => {
    const task = new AbortController()
    const { waits } = await waiting(task.signal)
    task.abort(new Error('cancelled'))
    await expect(waits).rejects.toThrow('cancelled')
    expect(vi.getTimerCount()).toBe(0)
  })
})

it('lets go of one who waits when that one is cancelled', async () => {
  const { s3, fetched } = await setUp()
  let go = () => {}
  const held = new Promise<void>((resolve) => {
    go = resolve
  })
  let reached = () => {}
  const underWay = new Promise<void>((resolve) => {
    reached = resolve
  })
  s3.onRequest = async ({ method }) => {
    if (method !== 'GET') return
    reached()
    await held
  }
  const first = fetched('a')
  await underWay
  const impatient = new AbortController()
  const waiting = fetched('a', undefined, { signal: impatient.signal })
  impatient.abort(new Error('no time'))
  await expect(waiting).rejects.toThrow('no time')
  go()
  expect(await first).toBe('a'.repeat(100))
})

describe('an entry that is not what it was', () => {
  it.each([
    ['cut', (entry: string) => truncate(entry, 50)],
    ['changed', (entry: string) => writeFile(entry, Buffer.alloc(100, 'x'))],
    ['emptied', (entry: string) => truncate(entry, 0)],
  ])('is noticed and downloaded again: %s', async (_, damage) => {
    const { s3, folder, fetched, warnings } = await setUp()
    await fetched('a')
    await chmod(await onlyEntry(folder), 0o644)
    await damage(await onlyEntry(folder))
    const accepted: number[] = []
    expect(await fetched('a', undefined, { accept: (bytes: number) => accepted.push(bytes) })).toBe(
      'a'.repeat(100),
    )
    expect(accepted).toEqual([100])
    expect(warnings()).toEqual(['File in the blob cache was modified: the worker downloads it again'])
    await fetched('a')
    expect(gets(s3, 'a')).toBe(2)
  })
})

it('asks for the rest when a larger version comes in place of a modified entry', async () => {
  const { s3, folder, fetched } = await setUp()
  await fetched('a')
  await chmod(await onlyEntry(folder), 0o644)
  await writeFile(await onlyEntry(folder), Buffer.alloc(100, 'x'))
  s3.answerInstead = ({ seen, response }) => {
    if (seen.method !== 'GET') return false
    response.writeHead(200, { etag: '"b-2"', 'content-length': 150 }).end('b'.repeat(150))
    return true
  }
  const accepted: number[] = []
  await fetched('a', undefined, { accept: (bytes: number) => accepted.push(bytes) })
  expect(accepted).toEqual([100, 50])
})

it('holds no more than it may: what was not used for the longest time goes', async () => {
  const { s3, folder, fetched } = await setUp(250)
  const before = async (path: string, seconds: number) =>
    utimes(path, 1_000_000 - seconds, (await stat(path)).mtimeMs / 1_000)
  await fetched('a')
  await before(await onlyEntry(folder), 20)
  const [a = ''] = await entriesIn(folder)
  await fetched('b')
  const b = (await entriesIn(folder)).find((name) => name !== a) ?? ''
  await before(join(folder, b), 10)
  // Used again, it is the younger one.
  await fetched('a')
  await fetched('c')
  expect(await entriesIn(folder)).toHaveLength(2)
  await fetched('a')
  await fetched('b')
  expect(['a', 'b', 'c'].map((key) => gets(s3, key))).toEqual([1, 2, 1])
})

it('does not keep what is larger than the whole', async () => {
  const { s3, folder, fetched } = await setUp(99)
  await fetched('a')
  await fetched('a')
  expect(gets(s3, 'a')).toBe(2)
  await expect(readdir(folder)).rejects.toThrow('ENOENT')
})

it('is shared with others, and touches nothing that is not its own', async () => {
  const { s3, folder, fetched } = await setUp(150)
  await mkdir(folder)
  await writeFile(join(folder, 'of-a-user'), Buffer.alloc(1_000))
  await writeFile(join(folder, '.arriving-from-a-crash'), Buffer.alloc(1_000))
  await writeFile(join(folder, '.arriving-now'), 'half')
  const daysAgo = (days: number) => Date.now() / 1_000 - days * 86_400
  await utimes(join(folder, '.arriving-from-a-crash'), daysAgo(1.01), daysAgo(1.01))
  await utimes(join(folder, '.arriving-now'), daysAgo(0.99), daysAgo(0.99))
  await fetched('a')
  await fetched('a', cacheOf(s3, folder).cache)
  expect(gets(s3, 'a')).toBe(1)
  const [entry] = await entriesIn(folder)
  expect((await readdir(folder)).sort()).toEqual(['.arriving-now', entry, 'of-a-user'].sort())
})

it('leaves a download as it is where the store tells nothing before it', async () => {
  const { s3, fetched } = await setUp()
  s3.fault = ({ method }) =>
    method === 'HEAD' ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined
  expect(await fetched('a')).toBe('a'.repeat(100))
  await expect(fetched('none')).rejects.toThrow('s3://b/none cannot be downloaded')
})

it('asks before it fills a directory that may hold no more', async () => {
  const { s3, fetched } = await setUp()
  await fetched('a')
  const refuse = () => {
    throw new Error('too much')
  }
  await expect(fetched('a', undefined, { accept: refuse })).rejects.toThrow('too much')
  expect(gets(s3, 'a')).toBe(1)
})

it('goes on without where its disk is full, says so, and tries again later', async ({ skip }) => {
  const disk = smallDisk(64)
  skip(disk === undefined, NO_DISK)
  const { s3, fetched, warnings } = await setUp()
  s3.objects.set('large', Buffer.alloc(200_000, 'l'))
  const { cache, lines } = cacheOf(s3, disk ?? '', 1_000_000)
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const said = () => lines.all.map(({ message }) => message)
  for (let time = 0; time < 2; time++) expect(await fetched('large', cache)).toHaveLength(200_000)
  expect(said()).toEqual([
    'Blob cache not written: tasks download without it for a minute. Check WORKER_BLOB_CACHE_DIR',
  ])
  expect(await readdir(disk ?? '')).toEqual([])
  await fetched('a', cache)
  expect(await readdir(disk ?? '')).toEqual([])
  vi.advanceTimersByTime(59_999)
  await fetched('a', cache)
  expect(await readdir(disk ?? '')).toEqual([])
  vi.advanceTimersByTime(1)
  // From one disk to another it is a copy.
  for (let time = 0; time < 2; time++) expect(await fetched('a', cache)).toBe('a'.repeat(100))
  expect(gets(s3, 'a')).toBe(3)
  expect(await entriesIn(disk ?? '')).toHaveLength(1)
  expect(warnings()).toEqual([])
})
