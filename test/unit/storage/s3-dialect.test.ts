import { describe, expect, test } from 'vitest'
import { changeAfter, Dialect, type UnsignedRequest } from '../../../src/storage/s3-dialect.js'

const refused = (status: number, name = 'InvalidArgument', message = '') =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } })

const PART: UnsignedRequest = {
  protocol: 'https:',
  method: 'PUT',
  headers: {
    host: 'store',
    'x-amz-checksum-crc32': 'AAAA',
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'amz-sdk-request': 'attempt=1',
  },
  body: Buffer.from('a'),
}
const GET: UnsignedRequest = { method: 'GET', headers: { host: 'store', 'x-amz-checksum-mode': 'ENABLED' } }

describe('the change after a refusal', () => {
  test.each<[string, UnsignedRequest, Error, ReturnType<typeof changeAfter>]>([
    [
      'the header that is named',
      GET,
      refused(400, 'X', 'no X-Amz-Checksum-Mode'),
      { without: ['x-amz-checksum-mode'], withMd5: false, isCertain: true },
    ],
    [
      'the unsigned body that is named',
      PART,
      refused(400, 'X', 'UNSIGNED-PAYLOAD?'),
      { without: ['x-amz-content-sha256'], withMd5: false, isCertain: true },
    ],
    [
      'the unsigned body whose hash is missed',
      PART,
      refused(400, 'XAmzContentSHA256Mismatch'),
      { without: ['x-amz-content-sha256'], withMd5: false, isCertain: true },
    ],
    [
      'the MD5 that is named',
      PART,
      refused(400, 'X', 'Content-MD5 is required'),
      { without: [], withMd5: true, isCertain: true },
    ],
    [
      'everything, as a guess',
      PART,
      refused(400),
      {
        without: ['x-amz-checksum-crc32', 'x-amz-content-sha256', 'amz-sdk-request'],
        withMd5: true,
        isCertain: false,
      },
    ],
    [
      'no part of a longer name',
      GET,
      refused(400, 'X', 'x-amz-checksum-mode-2'),
      { without: ['x-amz-checksum-mode'], withMd5: false, isCertain: false },
    ],
    [
      'nothing if the sender tries without the condition',
      { ...GET, headers: { ...GET.headers, 'if-match': '"e"' } },
      refused(400),
      undefined,
    ],
    [
      'nothing if the sender tries without the encoding',
      { ...GET, query: { 'encoding-type': 'url' } },
      refused(501),
      undefined,
    ],
    ['nothing after another error', PART, refused(403, 'AccessDenied'), undefined],
    [
      'nothing if the request has nothing to spare',
      { ...GET, headers: { host: 'store' } },
      refused(400),
      undefined,
    ],
  ])('is %s', (_, request, error, change) => {
    expect(changeAfter(error, request)).toEqual(change)
  })
})

describe('a dialect', () => {
  test('a body without its CRC32 is signed', async () => {
    const dialect = new Dialect('store', undefined)
    const sent: UnsignedRequest[] = []
    await dialect.send(PART, async (request) => {
      sent.push(request)
      if (sent.length === 1) throw refused(400, 'X', 'x-amz-checksum-crc32')
    })
    expect(sent[1]?.headers).toEqual({ host: 'store', 'amz-sdk-request': 'attempt=1' })
    expect(PART.headers['x-amz-checksum-crc32']).toBe('AAAA')
  })

  test('a guess after which the connection breaks is not remembered', async () => {
    const dialect = new Dialect('store', undefined)
    const broken = Object.assign(new Error('broken'), { code: 'ECONNRESET' })
    const sent: UnsignedRequest[] = []
    const failing = dialect.send(GET, async (request) => {
      sent.push(request)
      throw sent.length === 1 ? refused(400) : broken
    })
    await expect(failing).rejects.toBe(broken)
    await dialect.send(GET, async (request) => void sent.push(request))
    expect(sent.map(({ headers }) => 'x-amz-checksum-mode' in headers)).toEqual([true, false, true])
  })

  test('a guess that leads to another answer is remembered', async () => {
    const dialect = new Dialect('store', undefined)
    const sent: UnsignedRequest[] = []
    const failing = dialect.send(GET, async (request) => {
      sent.push(request)
      throw sent.length === 1 ? refused(400) : refused(404, 'NoSuchKey')
    })
    await expect(failing).rejects.toThrow()
    await dialect.send(GET, async (request) => void sent.push(request))
    expect(sent.map(({ headers }) => 'x-amz-checksum-mode' in headers)).toEqual([true, false, false])
  })
})
