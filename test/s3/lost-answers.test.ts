import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { PermanentError, TransientError } from '../../src/errors.js'
import { encodeCrc32 } from '../../src/storage/checksum.js'
import { multipartEtag } from '../../src/storage/s3-lookup.js'
import { lowDice } from '../support/low-dice.js'
import type { Exchange, OwnS3 } from '../support/s3/own-s3.js'
import { storeOf } from '../support/s3/store-of.js'

const MB = 1_048_576
const SMALL = randomBytes(MB)
const LARGE = randomBytes(20 * MB)

beforeEach(lowDice)

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest()

/** An upload of a file, to the key `up`. */
const setUp = async (content: Buffer, retryMaxMs?: number) => {
  const tools = await storeOf({ retryMaxMs })
  const path = join(tools.folder, 'up')
  await writeFile(path, content)
  const task = new AbortController()
  const upload = () => tools.store.upload(path, { bucket: 'b', key: 'up' }, { signal: task.signal })
  return { ...tools, task, upload }
}

/** The requests, in short. */
const asked = ({ requests }: OwnS3) =>
  requests.map(({ method, query }) => {
    if (method === 'POST') return query.has('uploads') ? 'begin' : 'complete'
    if (method === 'PUT') return query.has('partNumber') ? 'part' : 'put'
    return method === 'DELETE' ? 'abort' : method.toLowerCase()
  })

const count = (s3: OwnS3, what: string) => asked(s3).filter((each) => each === what).length

const isComplete = ({ seen }: Exchange) => seen.method === 'POST' && seen.query.has('uploadId')

const refuse = ({ response }: Exchange, status: number, code: string) =>
  void response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<Error><Code>${code}</Code><Message>no</Message></Error>`)

/** Does what the last request of an upload in parts asks for. */
const complete = (s3: OwnS3, { seen }: Exchange): void => {
  const id = seen.query.get('uploadId') ?? ''
  const parts = [...(s3.uploads.get(id) ?? [])].sort(([one], [other]) => one - other)
  if (s3.uploads.delete(id)) s3.objects.set(seen.key, Buffer.concat(parts.map(([, bytes]) => bytes)))
}

const reset = ({ response }: Exchange) => void response.destroy()

/** What the store says instead of "it is done". */
const LOST: readonly (readonly [string, (exchange: Exchange) => void])[] = [
  ['a connection that breaks', reset],
  ['a 500', (exchange) => refuse(exchange, 500, 'InternalError')],
  ['a 503', (exchange) => refuse(exchange, 503, 'SlowDown')],
  ['an error with status 200', (exchange) => refuse(exchange, 200, 'InternalError')],
  [
    'an error with status 200, and a line break',
    ({ response }) => void response.end('<?xml version="1.0"?>\n<Error><Code>InternalError</Code></Error>\n'),
  ],
  ['nothing, with status 200', ({ response }) => void response.end()],
  ['a page for people', ({ response }) => void response.end('<html><body>Sign in</body></html>')],
]

describe.each(LOST)('the end of an upload in parts that is answered by %s', (_, answer) => {
  it.each(['once', 'always'])('is looked up: %s', async (often) => {
    const { s3, upload } = await setUp(LARGE)
    let answers = 0
    s3.answerInstead = (exchange) => {
      if (!isComplete(exchange)) return false
      answers++
      // As many stores do, it knows nothing of an upload that has ended.
      if (answers > 1 && often === 'once') refuse(exchange, 404, 'NoSuchUpload')
      else {
        complete(s3, exchange)
        answer(exchange)
      }
      return true
    }
    expect(await upload()).toEqual({ size: LARGE.length, etag: md5(LARGE).toString('hex') })
    expect(s3.objects.get('up')?.equals(LARGE)).toBe(true)
    expect(count(s3, 'begin')).toBe(1)
    expect(count(s3, 'head')).toBe(1)
    expect(count(s3, 'abort')).toBe(0)
  })
})

describe('the lookup', () => {
  /** A store that loses the answer to the first end of an upload, and describes the object as the test wants it. */
  const withHead = async (headers: Record<string, string>, status = 200) => {
    const tools = await setUp(LARGE)
    const { s3 } = tools
    let ends = 0
    s3.answerInstead = (exchange) => {
      if (exchange.seen.method === 'HEAD') {
        exchange.response.writeHead(status, status === 200 ? headers : {}).end()
        return true
      }
      if (!isComplete(exchange) || ++ends > 5) return false
      complete(s3, exchange)
      reset(exchange)
      return true
    }
    return tools
  }
  const size = { 'content-length': `${LARGE.length}` }
  const pieces = [0, 8, 16].map((start) => LARGE.subarray(start * MB, (start + 8) * MB))
  const etag = `${createHash('md5')
    .update(Buffer.concat(pieces.map(md5)))
    .digest('hex')}-3`

  it.each<[string, Record<string, string>]>([
    ['the ETag of the parts', { ...size, etag: `"${etag}"` }],
    ['a CRC32 of the whole', { ...size, etag: '"x"', 'x-amz-checksum-crc32': encodeCrc32(crc32(LARGE)) }],
    [
      'a SHA-256 of the whole',
      { ...size, 'x-amz-checksum-sha256': createHash('sha256').update(LARGE).digest('base64') },
    ],
    ['an MD5', { ...size, etag: `"${md5(LARGE).toString('hex')}"` }],
  ])('knows the object by %s', async (_, headers) => {
    const { s3, upload } = await withHead(headers)
    await upload()
    expect(count(s3, 'begin')).toBe(1)
  })

  it.each<[string, Record<string, string>, number?]>([
    ['has no checksum', { ...size, etag: '"x"' }],
    ['has the checksums of other parts', { ...size, etag: `"${etag.replace(/^./, 'x')}"` }],
    ['has another checksum', { ...size, etag: `"${md5(SMALL).toString('hex')}"` }],
    ['has another CRC32', { ...size, 'x-amz-checksum-crc32': encodeCrc32(1) }],
    ['has another size', { 'content-length': '7', etag: `"${etag}"` }],
    ['is not there', {}, 404],
    ['may not be looked at', {}, 403],
  ])('that finds an object that %s makes the upload begin anew', async (_, headers, status) => {
    const { s3, upload } = await withHead(headers, status)
    await upload()
    expect(s3.objects.get('up')?.equals(LARGE)).toBe(true)
    expect(count(s3, 'begin')).toBe(2)
    expect(count(s3, 'abort')).toBe(1)
  })

  it('goes without the checksum where the store refuses to be asked for it', async () => {
    const { s3, upload } = await withHead({ ...size, etag: `"${etag}"` })
    const usual = s3.answerInstead
    s3.answerInstead = (exchange) => {
      if (exchange.request.headers['x-amz-checksum-mode'] === undefined) return usual(exchange)
      refuse(exchange, 400, 'InvalidArgument')
      return true
    }
    await upload()
    expect(count(s3, 'begin')).toBe(1)
  })
})

describe('an upload that the store has lost', () => {
  it.each([
    ['part', 404, 'NoSuchUpload'],
    ['complete', 404, 'NoSuchUpload'],
    ['complete', 400, 'InvalidPart'],
    ['complete', 400, 'InvalidPartOrder'],
  ])('begins anew: %s %i %s', async (at, status, code) => {
    const { s3, upload } = await setUp(LARGE)
    let lost = false
    s3.answerInstead = (exchange) => {
      if (lost || asked(s3).at(-1) !== at) return false
      lost = true
      s3.uploads.clear()
      refuse(exchange, status, code)
      return true
    }
    await upload()
    expect(s3.objects.get('up')?.equals(LARGE)).toBe(true)
    expect(count(s3, 'begin')).toBe(2)
    expect(s3.uploads.size).toBe(0)
  })

  it('again and again fails as something that may pass', async () => {
    const { s3, upload } = await setUp(LARGE)
    s3.answerInstead = (exchange) => {
      if (asked(s3).at(-1) !== 'part') return false
      refuse(exchange, 404, 'NoSuchUpload')
      return true
    }
    const error = await upload().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toContain('s3://b/up cannot be uploaded: NoSuchUpload: 404')
    expect(count(s3, 'begin')).toBe(3)
    expect(s3.uploads.size).toBe(0)
  })

  it('is not begun anew when its task is aborted', async () => {
    const { s3, task, upload } = await setUp(LARGE)
    s3.answerInstead = (exchange) => {
      if (asked(s3).at(-1) !== 'complete') return false
      task.abort(new TransientError('enough'))
      refuse(exchange, 404, 'NoSuchUpload')
      return true
    }
    await expect(upload()).rejects.toThrow('enough')
    expect(count(s3, 'begin')).toBe(1)
    expect(count(s3, 'head')).toBe(0)
  })
})

it('an upload whose end is never known fails as something that may pass, and leaves no parts', async () => {
  const { s3, upload } = await setUp(LARGE, 0)
  s3.answerInstead = (exchange) => {
    if (isComplete(exchange)) reset(exchange)
    return isComplete(exchange)
  }
  const error = await upload().catch((thrown) => thrown)
  expect(error).toBeInstanceOf(TransientError)
  expect(error.message).toContain('s3://b/up cannot be uploaded: unknown whether the upload has ended: ')
  expect(count(s3, 'begin')).toBe(3)
  expect(s3.uploads.size).toBe(0)
})

it('the end of an upload that is refused is a failure at once', async () => {
  const { s3, upload } = await setUp(LARGE)
  s3.answerInstead = (exchange) => {
    if (isComplete(exchange)) refuse(exchange, 403, 'AccessDenied')
    return isComplete(exchange)
  }
  await expect(upload()).rejects.toThrow(PermanentError)
  expect(count(s3, 'begin')).toBe(1)
  expect(count(s3, 'head')).toBe(0)
  expect(s3.uploads.size).toBe(0)
})

describe('a small object whose answer is lost', () => {
  const isPut = ({ seen }: Exchange) => seen.method === 'PUT'

  it.each<[string, (exchange: Exchange) => void]>([
    ['always', reset],
    ['and that may not be written twice', (exchange) => refuse(exchange, 403, 'AccessDenied')],
    ['and that is still being written', (exchange) => refuse(exchange, 409, 'OperationAborted')],
    ['in a storm of 500', (exchange) => refuse(exchange, 500, 'InternalError')],
  ])('%s is looked up', async (_, again) => {
    const { s3, upload } = await setUp(SMALL)
    s3.answerInstead = (exchange) => {
      if (!isPut(exchange)) return false
      if (exchange.number === 1) s3.objects.set('up', exchange.body)
      if (exchange.number === 1) reset(exchange)
      else again(exchange)
      return true
    }
    expect(await upload()).toEqual({ size: MB, etag: md5(SMALL).toString('hex') })
    expect(count(s3, 'head')).toBe(1)
  })

  it.each<[string, Buffer | undefined]>([
    ['another', randomBytes(MB)],
    ['none', undefined],
  ])('is a failure that may pass where the store has %s', async (_, other) => {
    const { s3, upload } = await setUp(SMALL, 0)
    if (other) s3.objects.set('up', other)
    s3.answerInstead = (exchange) => {
      if (isPut(exchange)) reset(exchange)
      return isPut(exchange)
    }
    await expect(upload()).rejects.toThrow(TransientError)
    expect(count(s3, 'head')).toBe(1)
  })

  it('is not looked up where the store refuses it at once', async () => {
    const { s3, upload } = await setUp(SMALL)
    s3.answerInstead = (exchange) => {
      if (isPut(exchange)) refuse(exchange, 403, 'AccessDenied')
      return isPut(exchange)
    }
    await expect(upload()).rejects.toThrow(PermanentError)
    expect(count(s3, 'head')).toBe(0)
  })
})

describe('the ETag of an object in parts', () => {
  it('is the MD5 of the MD5s, and their number', () => {
    // Two empty parts.
    const empty = '"d41d8cd98f00b204e9800998ecf8427e"'
    expect(multipartEtag([empty, empty])).toBe('5873dd45edd01f09c1ef2e7819369e8e-2')
  })

  it.each([[[undefined]], [['"x"']], [['"d41d8cd98f00b204e9800998ecf8427e-1"']]])(
    'is unknown where the ETags of the parts are no MD5s: %o',
    (etags) => {
      expect(multipartEtag(etags)).toBeUndefined()
    },
  )
})
