import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { InvalidInputError, PermanentError, TransientError } from '../../src/errors.js'
import { S3Store } from '../../src/storage/s3-store.js'
import { temporaryFolder } from '../support/files/temporary-folder.js'
import { lowDice } from '../support/low-dice.js'
import { type Fault, startOwnS3 } from '../support/s3/own-s3.js'

const MB = 1_048_576

beforeEach(lowDice)

/** So long, and no longer, a test waits for a store that never recovers. */
const BRIEFLY = { retryMaxMs: 300 }

const setUp = async (
  content: Buffer = randomBytes(4 * MB),
  patience: { silenceMs?: number; retryMaxMs?: number } = {},
) => {
  const s3 = await startOwnS3()
  s3.objects.set('k', content)
  const store = new S3Store({
    endpointUrl: s3.url,
    accessKey: 'a',
    secretKey: 's',
    maxConcurrency: 8,
    ...patience,
  })
  const path = join(await temporaryFolder(), 'file')
  const { signal } = new AbortController()
  const download = (options = { signal }) => store.download({ bucket: 'b', key: 'k' }, path, options)
  const upload = (options = { signal }) => store.upload(path, { bucket: 'b', key: 'up' }, options)
  return { s3, store, path, content, download, upload, signal }
}

const gets = (s3: { requests: readonly { method: string; range: string | undefined }[] }) =>
  s3.requests.filter(({ method }) => method === 'GET').map(({ range }) => range)

describe('downloads', () => {
  it.each([0, 1, 65_536, 3 * MB + 1])('%i bytes arrive', async (size) => {
    const { s3, path, content, download } = await setUp(randomBytes(size))
    expect(await download()).toEqual({ size, etag: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(gets(s3)).toEqual([undefined])
  })

  it.each(['cut', 'stall'] as const)('are taken up again where the connection broke: %s', async (kind) => {
    // So little only where silence is meant: a busy machine is silent for longer.
    const patience = kind === 'stall' ? { silenceMs: 500 } : {}
    const { s3, path, content, download } = await setUp(undefined, patience)
    s3.fault = (_, number) => (number < 3 ? { kind, after: MB } : undefined)
    await download()
    expect((await readFile(path)).equals(content)).toBe(true)
    const [first, second, third] = gets(s3)
    expect(first).toBeUndefined()
    expect(second).toMatch(/^bytes=\d{4,}-$/)
    expect(third).toMatch(/^bytes=\d{7,}-$/)
  })

  it('begin again when what came is not what was stored', async () => {
    const { s3, path, content, download } = await setUp()
    s3.fault = (_, number) => (number === 1 ? { kind: 'spoil' } : undefined)
    await download()
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(gets(s3)).toEqual([undefined, undefined])
  })

  it('begin again when the object has changed meanwhile', async () => {
    const { s3, path, download } = await setUp()
    const other = randomBytes(2 * MB)
    s3.fault = (_, number): Fault | undefined => {
      if (number === 1) return { kind: 'cut', after: MB }
      s3.objects.set('k', other)
      return number === 2 ? { kind: 'status', status: 412, code: 'PreconditionFailed' } : undefined
    }
    await download()
    expect((await readFile(path)).equals(other)).toBe(true)
  })

  it('outlast a storm of 503', async () => {
    const { s3, download } = await setUp()
    s3.fault = (_, number) => (number < 8 ? { kind: 'status', status: 503, code: 'SlowDown' } : undefined)
    await download()
    expect(gets(s3)).toHaveLength(8)
  })

  it.each<[string, Fault, new (message: string) => Error]>([
    ['is always wrong', { kind: 'spoil' }, TransientError],
    ['never gets further', { kind: 'cut', after: 10 }, TransientError],
    ['is refused', { kind: 'status', status: 403, code: 'AccessDenied' }, PermanentError],
    ['has no bucket', { kind: 'status', status: 404, code: 'NoSuchBucket' }, InvalidInputError],
    ['is not there', { kind: 'status', status: 404, code: 'NoSuchKey' }, InvalidInputError],
    ['never ends its maintenance', { kind: 'status', status: 500, code: 'InternalError' }, TransientError],
  ])('one that %s says so, and names the URI', async (_, fault, type) => {
    const { s3, download } = await setUp(undefined, BRIEFLY)
    s3.fault = () => fault
    const error = await download().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(type)
    expect(error.message).toContain('s3://b/k cannot be downloaded')
  })

  it('from a store that is not there fail as something that may pass', async () => {
    const { path, signal } = await setUp()
    const store = new S3Store({
      endpointUrl: 'http://127.0.0.1:9',
      accessKey: 'a',
      secretKey: 's',
      maxConcurrency: 1,
      ...BRIEFLY,
    })
    const error = await store.download({ bucket: 'b', key: 'k' }, path, { signal }).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('end at once when the task is aborted, with its reason', async () => {
    const { s3, download } = await setUp()
    const task = new AbortController()
    s3.fault = () => ({ kind: 'stall', after: MB })
    s3.onRequest = () => void setImmediate(() => task.abort(new TransientError('enough')))
    await expect(download({ signal: task.signal })).rejects.toThrow('enough')
  })

  it('ask before they write', async () => {
    const { path, store, signal } = await setUp()
    const accept = (bytes: number) => {
      throw new PermanentError(`${bytes} are too many`)
    }
    await expect(store.download({ bucket: 'b', key: 'k' }, path, { signal, accept })).rejects.toThrow(
      `${4 * MB} are too many`,
    )
    expect(await readFile(path)).toHaveLength(0)
  })
})

describe('uploads', () => {
  it.each([0, 1, 8 * MB, 8 * MB + 1, 30 * MB])('%i bytes arrive', async (size) => {
    const { s3, path, upload } = await setUp()
    const content = randomBytes(size)
    await writeFile(path, content)
    expect(await upload()).toMatchObject({ size })
    expect(s3.objects.get('up')?.equals(content)).toBe(true)
    expect(s3.uploads.size).toBe(0)
    expect(s3.requests.some(({ method }) => method === 'POST')).toBe(size > 8 * MB)
  })

  it('outlast failures of single parts', async () => {
    const { s3, path, upload } = await setUp()
    const content = randomBytes(30 * MB)
    await writeFile(path, content)
    s3.fault = ({ method }, number) =>
      method === 'PUT' && number % 2 === 1 ? { kind: 'status', status: 503, code: 'SlowDown' } : undefined
    await upload()
    expect(s3.objects.get('up')?.equals(content)).toBe(true)
  })

  it.each(['known', 'passed over', 'refused'] as const)(
    'in parts are checked by the store, and sent again where they came wrong: CRC32 is %s',
    async (crc32) => {
      const { s3, path, upload } = await setUp()
      s3.crc32 = crc32
      const content = randomBytes(30 * MB)
      await writeFile(path, content)
      s3.fault = ({ method }, number) => (method === 'PUT' && number === 1 ? { kind: 'spoil' } : undefined)
      await upload()
      expect(s3.objects.get('up')?.equals(content)).toBe(true)
      const parts = s3.requests.filter(({ method }) => method === 'PUT')
      expect(parts).toHaveLength(5)
      // Over plain HTTP, a CRC32 alone proves nothing: whoever changes the content can keep it.
      expect(parts.every(({ signed }) => /^[0-9a-f]{64}$/.test(signed ?? ''))).toBe(true)
    },
  )

  it('in one piece are sent again where they came wrong', async () => {
    const { s3, path, content, upload } = await setUp()
    await writeFile(path, content)
    s3.fault = ({ method }, number) => (method === 'PUT' && number === 1 ? { kind: 'spoil' } : undefined)
    await upload()
    expect(s3.objects.get('up')?.equals(content)).toBe(true)
    expect(s3.requests).toHaveLength(2)
  })

  it('that always come wrong fail as something that may pass, and store nothing', async () => {
    const { s3, path, upload } = await setUp()
    await writeFile(path, randomBytes(MB))
    s3.fault = () => ({ kind: 'spoil' })
    await expect(upload()).rejects.toThrow(TransientError)
    expect(s3.objects.has('up')).toBe(false)
  })

  it('that fail leave nothing behind', async () => {
    const { s3, path, upload } = await setUp()
    await writeFile(path, randomBytes(30 * MB))
    s3.fault = ({ method }, number) =>
      method === 'PUT' && number > 2 ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined
    const error = await upload().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(PermanentError)
    expect(error.message).toContain('s3://b/up cannot be uploaded')
    expect(s3.uploads.size).toBe(0)
  })

  it.each(['POST', 'PUT'])('that are aborted at the first %s leave nothing behind', async (at) => {
    const { s3, path, upload } = await setUp()
    await writeFile(path, randomBytes(30 * MB))
    const task = new AbortController()
    s3.onRequest = ({ method }) => {
      if (method === at) task.abort(new TransientError('enough'))
    }
    await expect(upload({ signal: task.signal })).rejects.toThrow('enough')
    expect(s3.uploads.size).toBe(0)
    expect(s3.objects.has('up')).toBe(false)
  })

  it('into a bucket that is not there are a mistake of the worker, not of the input', async () => {
    const { path, store, signal } = await setUp()
    await writeFile(path, 'x')
    await expect(store.upload(path, { bucket: 'other', key: 'k' }, { signal })).rejects.toThrow(
      PermanentError,
    )
  })
})
