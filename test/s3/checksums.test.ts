import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { deflateSync, gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { TransientError } from '../../src/errors.js'
import { S3Store } from '../../src/storage/s3-store.js'
import { lowDice } from '../support/low-dice.js'
import { AT, rangesOf, storeOf } from '../support/s3/store-of.js'

beforeEach(lowDice)

const RIGHT = Buffer.from('123456789')
const WRONG = Buffer.from('123456780')

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')

/** The checksums of "123456789". Those of the CRCs are the check values of their definitions. */
const CHECKSUMS: readonly (readonly [string, string])[] = [
  ['crc32', Buffer.from('cbf43926', 'hex').toString('base64')],
  ['crc32c', Buffer.from('e3069283', 'hex').toString('base64')],
  ['crc64nvme', Buffer.from('ae8b14860a799888', 'hex').toString('base64')],
  ...['md5', 'sha1', 'sha256', 'sha512'].map(
    (name) => [name, createHash(name).update(RIGHT).digest('base64')] as const,
  ),
]

/** A store that sends bodies in turn, the last one for ever, always with the same headers. */
const setUp = async (bodies: readonly Buffer[], headers: Record<string, string>) => {
  const tools = await storeOf()
  tools.s3.answerInstead = ({ number, response }) => {
    const body = bodies[Math.min(number, bodies.length) - 1] as Buffer
    response.writeHead(200, { 'content-length': body.length, ...headers }).end(body)
    return true
  }
  return tools
}

describe.each(CHECKSUMS)('a %s', (name, value) => {
  const header = `x-amz-checksum-${name}`

  it('that is right is all it takes', async () => {
    const { s3, download } = await setUp([RIGHT], { [header]: value, etag: '"x-1"' })
    expect((await download()).content).toEqual(RIGHT)
    expect(rangesOf(s3)).toHaveLength(1)
  })

  it('that is wrong makes the download begin anew', async () => {
    const { s3, download } = await setUp([WRONG, RIGHT], { [header]: value })
    expect((await download()).content).toEqual(RIGHT)
    expect(rangesOf(s3)).toHaveLength(2)
  })

  it('that is always wrong fails as something that may pass, though the same bytes come each time', async () => {
    const { s3, download } = await setUp([WRONG], { [header]: value, etag: `"${md5(WRONG)}"` })
    const error = await download().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toBe(
      's3://b/k cannot be downloaded: the content does not match the checksum of the store',
    )
    expect(rangesOf(s3)).toHaveLength(5)
  })
})

describe('what does not promise to be a checksum of the object is none', () => {
  const [[, crc32] = ['', '']] = CHECKSUMS

  it.each<[string, Record<string, string>]>([
    ['an ETag of several parts', { etag: `"${md5(RIGHT)}-3"` }],
    ['an ETag with a key of KMS', { etag: `"${md5(RIGHT)}"`, 'x-amz-server-side-encryption': 'aws:kms' }],
    [
      'an ETag with two keys of KMS',
      { etag: `"${md5(RIGHT)}"`, 'x-amz-server-side-encryption': 'aws:kms:dsse' },
    ],
    [
      'an ETag with a key of the client',
      { etag: `"${md5(RIGHT)}"`, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
    ],
    ['a weak ETag', { etag: `W/"${md5(RIGHT)}"` }],
    ['a checksum of several parts', { 'x-amz-checksum-crc32': `${crc32}-3` }],
    ['one that says so elsewhere', { 'x-amz-checksum-crc32': crc32, 'x-amz-checksum-type': 'COMPOSITE' }],
    ['a checksum in hex', { 'x-amz-checksum-crc32': 'cbf43926' }],
    ['a checksum of a kind that nobody knows', { 'x-amz-checksum-blake9': crc32 }],
  ])('%s', async (_, headers) => {
    const { s3, download } = await setUp([WRONG], headers)
    expect((await download()).content).toEqual(WRONG)
    expect(rangesOf(s3)).toHaveLength(1)
  })
})

describe('an ETag that looks like an MD5', () => {
  it.each(['"0123456789abcdef0123456789abcdef"', '0123456789ABCDEF0123456789ABCDEF'])(
    'is none where the same bytes come twice, and then for the whole bucket: %s',
    async (etag) => {
      const { s3, download } = await setUp([RIGHT], { etag })
      expect((await download()).content).toEqual(RIGHT)
      expect(rangesOf(s3)).toHaveLength(2)
      await download()
      expect(rangesOf(s3)).toHaveLength(3)
    },
  )

  it('is none where it changes with each response', async () => {
    const { s3, download } = await storeOf()
    s3.answerInstead = ({ response }) => {
      response.writeHead(200, { etag: `"${randomBytes(16).toString('hex')}"` }).end(RIGHT)
      return true
    }
    expect((await download()).content).toEqual(RIGHT)
  })

  it('shows that the same part of the object comes each time', async () => {
    const { s3, download } = await storeOf()
    s3.objects.set('k', RIGHT)
    s3.answerInstead = ({ seen, response }) => {
      if (seen.method !== 'GET') return false
      response.writeHead(200, { etag: `"${md5(RIGHT)}"`, 'content-length': 4 }).end(RIGHT.subarray(0, 4))
      return true
    }
    await expect(download()).rejects.toThrow('the content does not match the checksum of the store')
  })

  it('shows damage on the way', async () => {
    const { s3, download } = await setUp([WRONG, RIGHT], { etag: `"${md5(RIGHT)}"` })
    expect((await download()).content).toEqual(RIGHT)
    expect(rangesOf(s3)).toHaveLength(2)
  })

  it('is one on AWS, so that no wrong content is taken from there', async () => {
    const { s3, folder, signal } = await setUp([WRONG], { etag: `"${md5(RIGHT)}"` })
    // The SDK then takes this server for AWS.
    vi.stubEnv('AWS_ENDPOINT_URL', s3.url)
    onTestFinished(() => void vi.unstubAllEnvs())
    const aws = new S3Store({
      endpointUrl: 'aws',
      region: 'us-east-1',
      accessKey: 'a',
      secretKey: 's',
      maxConcurrency: 8,
    })
    await expect(aws.download(AT, join(folder, 'aws'), { signal })).rejects.toThrow(
      'the content does not match the checksum of the store',
    )
  })
})

describe('content that a store has packed', () => {
  const packed = gzipSync(RIGHT)
  const crcOfPacked = { 'x-amz-checksum-sha256': createHash('sha256').update(packed).digest('base64') }
  const md5OfPacked = { etag: `"${md5(packed)}"` }

  it.each([crcOfPacked, md5OfPacked])('stays packed, and is compared: %o', async (headers) => {
    const damaged = Buffer.concat([packed, Buffer.from('more')])
    const { s3, download } = await setUp([damaged, packed], { ...headers, 'content-encoding': 'gzip' })
    expect((await download()).content).toEqual(packed)
    expect(rangesOf(s3)).toHaveLength(2)
  })

  it('and damages always is never accepted', async () => {
    const damaged = Buffer.concat([packed, Buffer.from('more')])
    const { download } = await setUp([damaged], { ...crcOfPacked, 'content-encoding': 'gzip' })
    await expect(download()).rejects.toThrow(TransientError)
  })

  it.each<[string, Record<string, string>, number]>([
    ['is accepted as it comes, with a checksum', { ...crcOfPacked, 'content-encoding': 'gzip' }, 1],
    ['is accepted as it comes, with an ETag', { ...md5OfPacked, 'content-encoding': 'GZIP' }, 1],
    ['as Google does it', { ...crcOfPacked, 'x-goog-stored-content-encoding': 'gzip' }, 1],
    ['without saying so', md5OfPacked, 2],
    ['of a kind that shows no beginning', { ...crcOfPacked, 'content-encoding': 'aws-chunked,br' }, 2],
  ])('and unpacks on the way %s', async (_, headers, requests) => {
    const { s3, download } = await storeOf()
    s3.answerInstead = ({ response }) => {
      response.writeHead(200, headers)
      response.write(RIGHT.subarray(0, 1))
      response.end(RIGHT.subarray(1))
      return true
    }
    expect(await download()).toMatchObject({ content: RIGHT, size: RIGHT.length })
    expect(rangesOf(s3)).toHaveLength(requests)
  })

  it('with a name that is wrong is compared nevertheless', async () => {
    const deflated = deflateSync(RIGHT)
    const headers = { etag: `"${md5(deflated)}"`, 'content-encoding': 'gzip' }
    const { s3, download } = await setUp([WRONG, deflated], headers)
    expect((await download()).content).toEqual(deflated)
    expect(rangesOf(s3)).toHaveLength(2)
  })
})
