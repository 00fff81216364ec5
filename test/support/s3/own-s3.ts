import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32 } from 'node:zlib'
import { onTestFinished } from 'vitest'

/** What goes wrong with one request; `undefined` lets it through. */
export type Fault =
  /** The connection breaks after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly after: number }
  /** Nothing more comes after so many bytes. */
  | { readonly kind: 'stall'; readonly after: number }
  /** One byte of the body is another one when it arrives, on its way in or out. */
  | { readonly kind: 'spoil' }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly code: string
      readonly message?: string
      /** More of the answer, in XML. */
      readonly more?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** The connection is reset, and nothing has been done. */
  | { readonly kind: 'reset' }

export interface Seen {
  readonly method: string
  readonly bucket: string
  readonly key: string
  readonly query: URLSearchParams
  readonly range: string | undefined
  /** What its signature says of the body. */
  readonly signed: string | undefined
  readonly headers: IncomingMessage['headers']
}

export interface OwnS3 {
  readonly url: string
  readonly objects: Map<string, Buffer>
  /** Uploads that were begun and neither ended nor given up. */
  readonly uploads: Map<string, Map<number, Buffer>>
  readonly requests: Seen[]
  /** Whether it knows CRC32, passes over it as older stores do, or refuses it as others do. */
  crc32: 'known' | 'passed over' | 'refused'
  /** Decides for each request, by its number among those of its method. */
  fault: (request: Seen, number: number) => Fault | undefined
  /** Called with each request before it is answered. */
  onRequest: (request: Seen) => void | Promise<void>
  /** Answers a request in a way of its own. Returns false for a request that is to be answered as usual. */
  answerInstead: (exchange: Exchange) => boolean | Promise<boolean>
}

const quoted = (bytes: Buffer) => `"${createHash('md5').update(bytes).digest('hex')}"`
const crcOf = (bytes: Buffer) =>
  Buffer.from(crc32(bytes).toString(16).padStart(8, '0'), 'hex').toString('base64')
const escapeXml = (text: string) => text.replace(/[&<>]/g, (found) => `&#${found.charCodeAt(0)};`)

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** A second name of the bucket. A name of less than three characters cannot be in a host name. */
export const LONG_NAME = 'bucket'

const seenIn = (request: IncomingMessage): Seen => {
  const [path = '', query = ''] = (request.url ?? '').split('?')
  // The bucket is in the host name or in the path.
  const whole = request.headers.host?.startsWith(`${LONG_NAME}.`) ? `/${LONG_NAME}${path}` : path
  const [, bucket = '', ...rest] = whole.split('/')
  const key = decodeURIComponent(rest.join('/'))
  return {
    method: request.method ?? '',
    bucket,
    key,
    query: new URLSearchParams(query),
    range: request.headers.range,
    signed: request.headers['x-amz-content-sha256'] as string | undefined,
    headers: request.headers,
  }
}

const refuse = (
  response: ServerResponse,
  status: number,
  code: string,
  { message = 'as the test wants it', more = '', headers = {} } = {},
): void => {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers })
  response.end(`<Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`)
}

/** A body as it arrives. */
const arriving = (body: Buffer, fault: Fault | undefined): Buffer =>
  fault?.kind === 'spoil' ? Buffer.from(body).fill(body[0] === 0 ? 1 : 0, 0, 1) : body

/** Sends a body as the fault wants it. */
const send = async (response: ServerResponse, whole: Buffer, fault: Fault | undefined): Promise<void> => {
  const body = arriving(whole, fault)
  if (fault?.kind !== 'cut' && fault?.kind !== 'stall') {
    response.end(body)
    return
  }
  response.write(body.subarray(0, fault.after), () => {
    if (fault.kind === 'cut') response.destroy()
  })
}

/** What a store finds wrong with a body, going by the checksums that it knows. */
const flawOf = (body: Buffer, { headers }: IncomingMessage, knowsCrc32: boolean): string | undefined => {
  const { 'x-amz-content-sha256': signed, 'x-amz-checksum-crc32': crc } = headers
  const isChecked = knowsCrc32 && crc !== undefined
  if (isChecked && crc !== crcOf(body)) return 'BadDigest'
  if (isChecked && signed === 'UNSIGNED-PAYLOAD') return undefined
  const sha256 = createHash('sha256').update(body).digest('hex')
  return signed === sha256 ? undefined : 'XAmzContentSHA256Mismatch'
}

/** A request, and the response that it waits for. */
export interface Exchange {
  readonly seen: Seen
  readonly body: Buffer
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** The number of the request among those of its method, from 1. */
  readonly number: number
}

type Act = (exchange: Exchange & { readonly fault: Fault | undefined }) => void | Promise<void>

/** An S3 of the tests' own, in memory, with one bucket `b`; it does what S3 does, and what it is told to do wrong. */
export const startOwnS3 = async (): Promise<OwnS3> => {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Map<number, Buffer>>()
  /** The ETags of the uploads that have ended. */
  const completed = new Map<string, string>()
  const requests: Seen[] = []
  const numbers = new Map<string, number>()
  let lastId = 0

  const get = (seen: Seen, response: ServerResponse, fault: Fault | undefined) => {
    const bytes = objects.get(seen.key)
    if (!bytes) return refuse(response, 404, 'NoSuchKey')
    const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? '')?.[1] ?? 0)
    const part = bytes.subarray(start)
    response.writeHead(seen.range === undefined ? 200 : 206, {
      'content-length': part.length,
      etag: quoted(bytes),
      ...(seen.range === undefined
        ? { 'x-amz-checksum-crc32': crcOf(bytes) }
        : { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` }),
    })
    return send(response, part, fault)
  }

  const list = (seen: Seen, response: ServerResponse) => {
    const keys = [...objects.keys()].filter((key) => key.startsWith(seen.query.get('prefix') ?? '')).sort()
    const start = Number(seen.query.get('continuation-token') ?? 0)
    const page = keys.slice(start, start + 1_000)
    const more = start + 1_000 < keys.length
    const entries = page.map(
      (key) => `<Contents><Key>${escapeXml(key)}</Key><Size>${objects.get(key)?.length}</Size></Contents>`,
    )
    const next = more ? `<NextContinuationToken>${start + 1_000}</NextContinuationToken>` : ''
    response.writeHead(200, { 'content-type': 'application/xml' })
    response.end(
      `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${entries.join('')}</ListBucketResult>`,
    )
  }

  const put = (seen: Seen, body: Buffer, request: IncomingMessage, response: ServerResponse) => {
    const flaw = flawOf(body, request, own.crc32 === 'known')
    if (flaw) return refuse(response, 400, flaw)
    const id = seen.query.get('uploadId')
    const parts = id === null ? undefined : uploads.get(id)
    if (id !== null && !parts) return refuse(response, 404, 'NoSuchUpload')
    if (parts) parts.set(Number(seen.query.get('partNumber')), body)
    else objects.set(seen.key, body)
    response.writeHead(200, { etag: quoted(body) }).end()
  }

  const begin = (request: IncomingMessage, response: ServerResponse) => {
    const algorithm = request.headers['x-amz-checksum-algorithm']
    if (algorithm && own.crc32 === 'refused') return refuse(response, 501, 'NotImplemented')
    if (algorithm && own.crc32 === 'known') response.setHeader('x-amz-checksum-algorithm', algorithm)
    uploads.set(`u-${++lastId}`, new Map())
    response.end(
      `<InitiateMultipartUploadResult><UploadId>u-${lastId}</UploadId></InitiateMultipartUploadResult>`,
    )
  }

  const complete = (id: string, seen: Seen, response: ServerResponse) => {
    const upload = uploads.get(id)
    if (upload) {
      const parts = [...upload].sort(([one], [other]) => one - other)
      objects.set(seen.key, Buffer.concat(parts.map(([, bytes]) => bytes)))
      uploads.delete(id)
      completed.set(id, `"x-${parts.length}"`)
    }
    // A client that has not had the answer asks again, and is told the same.
    const etag = completed.get(id)
    if (etag === undefined) return refuse(response, 404, 'NoSuchUpload')
    response.end(`<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`)
  }

  const post = (seen: Seen, request: IncomingMessage, response: ServerResponse) => {
    const id = seen.query.get('uploadId')
    if (id === null) begin(request, response)
    else complete(id, seen, response)
  }

  const abandon: Act = ({ seen, response }) => {
    uploads.delete(seen.query.get('uploadId') ?? '')
    response.writeHead(204).end()
  }

  const acts: Record<string, Act> = {
    GET: ({ seen, response, fault }) => (seen.key === '' ? list(seen, response) : get(seen, response, fault)),
    HEAD: ({ seen, response, fault }) => get(seen, response, fault),
    PUT: ({ seen, body, request, response, fault }) => put(seen, arriving(body, fault), request, response),
    POST: ({ seen, request, response }) => post(seen, request, response),
  }

  const own: OwnS3 = {
    url: '',
    objects,
    uploads,
    requests,
    crc32: 'known',
    fault: () => undefined,
    onRequest: () => {},
    answerInstead: () => false,
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const seen = seenIn(request)
    requests.push(seen)
    const number = (numbers.get(seen.method) ?? 0) + 1
    numbers.set(seen.method, number)
    const body = await read(request)
    await own.onRequest(seen)
    if (await own.answerInstead({ seen, body, request, response, number })) return
    const fault = own.fault(seen, number)
    if (fault?.kind === 'status') return refuse(response, fault.status, fault.code, fault)
    if (fault?.kind === 'reset') return void request.socket.resetAndDestroy()
    if (seen.bucket !== 'b' && seen.bucket !== LONG_NAME) return refuse(response, 404, 'NoSuchBucket')
    const { [seen.method]: act = abandon } = acts
    return act({ seen, body, request, response, number, fault })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  })
  return Object.assign(own, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}
