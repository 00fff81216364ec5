import { randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import { beforeEach, describe, expect, it } from 'vitest'
import { TransientError } from '../../src/errors.js'
import { lowDice } from '../support/low-dice.js'
import type { Exchange } from '../support/s3/own-s3.js'
import { cut, rangesOf, startOf, storeOf } from '../support/s3/store-of.js'

const MB = 1_048_576

beforeEach(lowDice)

/** What a store says of the pieces of an object. */
interface Version {
  readonly content: Buffer
  readonly headers: OutgoingHttpHeaders
}

const OLD: Version = { content: Buffer.alloc(3 * MB, 'old'), headers: { etag: '"old-2"' } }
const NEW: Version = { content: Buffer.alloc(3 * MB, 'new'), headers: { etag: '"new-2"' } }

const sendWhole = ({ response }: Exchange, { content, headers }: Version) =>
  response.writeHead(200, { 'content-length': content.length, ...headers })

/** Sends the whole of a version, but breaks off in its middle. */
const begin = (exchange: Exchange, version = OLD) => {
  sendWhole(exchange, version)
  cut(exchange, version.content, 2 * MB)
}

/** Sends what is asked for, whatever the condition was. */
const serve = (exchange: Exchange, version: Version, odd: OutgoingHttpHeaders = {}) => {
  const start = startOf(exchange)
  const { content, headers } = version
  if (start === 0) sendWhole(exchange, version)
  else
    exchange.response.writeHead(206, {
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
      'content-length': content.length - start,
      ...headers,
      ...odd,
    })
  exchange.response.end(content.subarray(start))
}

const refuse = ({ response }: Exchange, status: number) => void response.writeHead(status).end()

const isGet = ({ seen }: Exchange) => seen.method === 'GET'

const withId = (version: Version, id: string): Version => ({
  ...version,
  headers: { ...version.headers, 'x-amz-version-id': id },
})
const withTag = (version: Version, etag: string): Version => ({ ...version, headers: { etag } })
const withoutTag = (version: Version): Version => ({ ...version, headers: {} })

describe('an object that is replaced while its download is broken off arrives as the new version alone', () => {
  const sameTag = { ...NEW, headers: OLD.headers }
  const shorter = { content: NEW.content.subarray(0, 2.5 * MB), headers: OLD.headers }
  /** Whether the rest is asked for, or the object from its first byte. */
  const REST = /^bytes=\d+-$/
  const ALL = /^undefined$/

  it.each<[string, Version, Version, RegExp]>([
    ['the store passes over If-Match', OLD, NEW, REST],
    ['the store knows versions, and both have the same ETag', withId(OLD, '1'), withId(sameTag, '2'), REST],
    ['both have the same ETag and other sizes', OLD, shorter, REST],
    ['the store names its ETag at first only', OLD, withoutTag(NEW), REST],
    ['the store names no ETag at all', withoutTag(OLD), withoutTag(NEW), ALL],
    ['the ETags are weak', withTag(OLD, 'W/"same"'), withTag(NEW, 'W/"same"'), ALL],
    ['the ETags are empty', withTag(OLD, '""'), withTag(NEW, '""'), ALL],
    ['the bucket has no versions', withId(withoutTag(OLD), 'null'), withId(withoutTag(NEW), 'null'), ALL],
  ])('%s', async (_, old, replaced, second) => {
    const { s3, download } = await storeOf()
    s3.answerInstead = (exchange) => {
      if (exchange.number === 1) begin(exchange, old)
      else serve(exchange, replaced)
      return true
    }
    const { content, size } = await download()
    expect(content.equals(replaced.content)).toBe(true)
    expect(size).toBe(replaced.content.length)
    expect(String(rangesOf(s3)[1])).toMatch(second)
  })

  it.each([404, 412, 416])('the store answers %i', async (status) => {
    const { s3, download } = await storeOf()
    s3.answerInstead = (exchange) => {
      if (exchange.number === 1) begin(exchange)
      else if (startOf(exchange) > 0) refuse(exchange, status)
      else serve(exchange, NEW)
      return true
    }
    expect((await download()).content.equals(NEW.content)).toBe(true)
  })
})

it('what was announced without a byte counts for nothing', async () => {
  const { s3, download } = await storeOf()
  s3.answerInstead = (exchange) => {
    if (exchange.number === 1) {
      sendWhole(exchange, {
        content: Buffer.alloc(7 * MB),
        headers: { ...OLD.headers, 'x-amz-checksum-crc32': 'AAAAAA==' },
      })
      exchange.response.flushHeaders()
      exchange.response.socket?.end()
    } else serve(exchange, NEW)
    return true
  }
  const { content, etag, size } = await download()
  expect(content.equals(NEW.content)).toBe(true)
  expect({ etag, size }).toEqual({ etag: 'new-2', size: 3 * MB })
  expect(rangesOf(s3)).toEqual([undefined, undefined])
})

describe('an object that stays as it is', () => {
  it.each([412, 400, 501])('is continued where the store answers %i to its right ETag', async (status) => {
    const { s3, download } = await storeOf()
    s3.answerInstead = (exchange) => {
      if (exchange.number === 1) begin(exchange)
      else if (exchange.request.headers['if-match']) refuse(exchange, status)
      else serve(exchange, OLD)
      return true
    }
    const { content } = await download()
    expect(content.equals(OLD.content)).toBe(true)
    const [whole, ...rest] = rangesOf(s3)
    expect(whole).toBeUndefined()
    expect(rest).toHaveLength(2)
    for (const range of rest) expect(range).toMatch(/^bytes=\d+-$/)
  })

  it('is continued by its version id where there is no ETag', async () => {
    const { s3, download } = await storeOf()
    const version = withId({ ...OLD, headers: {} }, 'v7')
    s3.answerInstead = (exchange) => {
      if (exchange.number === 1) begin(exchange, version)
      else serve(exchange, version)
      return true
    }
    expect((await download()).content.equals(OLD.content)).toBe(true)
    expect(rangesOf(s3)[1]).toMatch(/^bytes=\d+-$/)
  })

  it.each<[string, (exchange: Exchange) => void]>([
    [
      'begins elsewhere',
      (exchange) => {
        const start = startOf(exchange) + 5
        const range = `bytes ${start}-${3 * MB - 1}/${3 * MB}`
        exchange.response.writeHead(206, { ...OLD.headers, 'content-range': range })
        exchange.response.end(OLD.content.subarray(start))
      },
    ],
    [
      'begins at the first byte',
      (exchange) => {
        exchange.response.writeHead(206, {
          ...OLD.headers,
          'content-range': `bytes 0-${3 * MB - 1}/${3 * MB}`,
        })
        exchange.response.end(OLD.content)
      },
    ],
    [
      'names no range',
      (exchange) => {
        exchange.response.writeHead(206, OLD.headers).end(OLD.content.subarray(startOf(exchange)))
      },
    ],
    ['names none that can be read', (exchange) => serve(exchange, OLD, { 'content-range': 'items 1-2/3' })],
    [
      'is the whole',
      (exchange) => {
        sendWhole(exchange, OLD)
        exchange.response.end(OLD.content)
      },
    ],
    [
      'is longer than the rest',
      (exchange) => {
        const start = startOf(exchange)
        exchange.response.writeHead(206, {
          ...OLD.headers,
          'content-range': `bytes ${start}-${3 * MB - 1}/${3 * MB}`,
        })
        exchange.response.end(Buffer.concat([OLD.content.subarray(start), Buffer.from('more')]))
      },
    ],
  ])('arrives right where the second response %s', async (_, answer) => {
    const { s3, download } = await storeOf()
    s3.answerInstead = (exchange) => {
      if (exchange.number === 1) begin(exchange)
      else if (exchange.seen.range !== undefined) answer(exchange)
      else serve(exchange, OLD)
      return true
    }
    expect((await download()).content.equals(OLD.content)).toBe(true)
    expect(rangesOf(s3)[1]).toMatch(/^bytes=\d+-$/)
  })

  it('arrives in pieces where the store sends less than is asked for', async () => {
    const { s3, download } = await storeOf()
    const bytes = 2 * MB
    const content = randomBytes(5 * MB)
    s3.answerInstead = (exchange) => {
      const start = startOf(exchange)
      const piece = content.subarray(start, start + bytes)
      exchange.response.writeHead(206, {
        etag: '"x"',
        'content-range': `bytes ${start}-${start + piece.length - 1}/${content.length}`,
        'content-length': piece.length,
      })
      exchange.response.end(piece)
      return true
    }
    expect((await download()).content.equals(content)).toBe(true)
    expect(rangesOf(s3)).toHaveLength(3)
  })

  it('is not asked for again when only the end of the last response is missing', async () => {
    const { s3, download } = await storeOf()
    s3.answerInstead = (exchange) => {
      const start = startOf(exchange)
      if (exchange.number === 1) begin(exchange)
      else {
        const range = `bytes ${start}-${3 * MB - 1}/${3 * MB}`
        exchange.response.writeHead(206, { ...OLD.headers, 'content-range': range })
        cut(exchange, OLD.content.subarray(start), 3 * MB)
      }
      return true
    }
    expect((await download()).content.equals(OLD.content)).toBe(true)
    expect(rangesOf(s3)).toHaveLength(2)
  })
})

it('one that changes whenever some of it has arrived fails as something that may pass', async () => {
  const { s3, download } = await storeOf()
  s3.answerInstead = (exchange) => {
    const version = withTag(OLD, `"${exchange.number}"`)
    if (startOf(exchange) === 0) begin(exchange, version)
    else serve(exchange, version)
    return true
  }
  const error = await download().catch((thrown) => thrown)
  expect(error).toBeInstanceOf(TransientError)
  expect(error.message).toBe('s3://b/k cannot be downloaded: the object changed during its download')
  expect(rangesOf(s3)).toHaveLength(10)
})

it.each([404, 412, 416])(
  'one that changes all the time, as %i tells, fails as something that may pass',
  async (status) => {
    const { s3, download } = await storeOf()
    s3.answerInstead = (exchange) => {
      if (startOf(exchange) === 0) begin(exchange)
      else refuse(exchange, status)
      return true
    }
    const error = await download().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toBe('s3://b/k cannot be downloaded: the object changed during its download')
  },
)

describe('a response that marks its end by closing the connection', () => {
  const send = ({ request, response }: Exchange, body: Buffer) => {
    response.shouldKeepAlive = false
    request.socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\netag: "x-2"\r\n\r\n'), body]))
  }

  it('is compared with the length of the object', async () => {
    const { s3, download } = await storeOf()
    s3.objects.set('k', OLD.content)
    s3.answerInstead = (exchange) => {
      if (isGet(exchange)) send(exchange, exchange.number === 1 ? OLD.content.subarray(0, MB) : OLD.content)
      return isGet(exchange)
    }
    expect((await download()).content.equals(OLD.content)).toBe(true)
    expect(s3.requests.map(({ method }) => method)).toEqual(['GET', 'HEAD', 'GET', 'HEAD'])
  })

  it('never passes for the whole where it is not', async () => {
    const { s3, download } = await storeOf()
    s3.objects.set('k', OLD.content)
    s3.answerInstead = (exchange) => {
      if (isGet(exchange)) send(exchange, OLD.content.subarray(0, MB))
      return isGet(exchange)
    }
    const error = await download().catch((thrown) => thrown)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toContain(`${MB} of ${3 * MB} bytes arrived`)
  })
})

it('a larger version has to be accepted, too', async () => {
  const { s3, download } = await storeOf()
  const larger = { content: Buffer.alloc(4 * MB, 'large'), headers: NEW.headers }
  s3.answerInstead = (exchange) => {
    if (exchange.number === 1) begin(exchange)
    else serve(exchange, larger)
    return true
  }
  const accepted: number[] = []
  await download({ accept: (bytes) => accepted.push(bytes) })
  expect(accepted).toEqual([3 * MB, MB])
})
