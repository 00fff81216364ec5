import { createHash } from 'node:crypto'
import type { Logger } from '../utils/logger.js'
import { isRefusedRequest, statusOf } from './s3-errors.js'

/** A request before its signature. */
export interface UnsignedRequest {
  readonly protocol?: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
}

/** A request without some of its headers, or with the MD5 of its body. */
interface Change {
  readonly without: readonly string[]
  readonly withMd5: boolean
  /** Whether the store has named the reason. Otherwise, the change proves itself if the store then accepts the request. */
  readonly isCertain: boolean
}

const CRC32 = 'x-amz-checksum-crc32'
const ALGORITHM = 'x-amz-checksum-algorithm'
const CONTENT_HASH = 'x-amz-content-sha256'
/** The value of {@link CONTENT_HASH} if the signature does not cover the body. */
export const UNSIGNED = 'UNSIGNED-PAYLOAD'

/** The headers that a request does not need, with those that have no meaning without them. */
const DISPENSABLE: Readonly<Record<string, readonly string[]>> = {
  'x-amz-checksum-mode': [],
  'x-amz-sdk-checksum-algorithm': [],
  'x-amz-checksum-type': [],
  [ALGORITHM]: ['x-amz-checksum-type'],
  [CRC32]: [ALGORITHM, 'x-amz-checksum-type', 'x-amz-sdk-checksum-algorithm'],
  expect: [],
  'x-amz-user-agent': [],
  'amz-sdk-invocation-id': [],
  'amz-sdk-request': [],
}

/** Returns the dispensable headers of a request. A hash that leaves the body unsigned is one: the signature then covers the body. */
const dispensableIn = (headers: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(headers).filter(
    (name) => name in DISPENSABLE || (name === CONTENT_HASH && headers[name] === UNSIGNED),
  )

/** Header names are words of the language, too: "expect" is no part of "expected". */
const isNamed = (header: string, message: string): boolean =>
  new RegExp(`(?<![\\w-])${header}(?![\\w-])`, 'i').test(message) ||
  (header === CONTENT_HASH && message.toUpperCase().includes(UNSIGNED))

const hasBody = <Request extends UnsignedRequest>(
  request: Request,
): request is Request & { body: Uint8Array } => request.body instanceof Uint8Array

const canHaveMd5 = (request: UnsignedRequest): boolean =>
  request.method === 'PUT' && hasBody(request) && request.headers['content-md5'] === undefined

/** Returns whether the sender itself tries a simpler request after a refusal: without a condition, or without an encoding. */
const hasSimplerForm = ({ headers, query }: UnsignedRequest): boolean =>
  headers['if-match'] !== undefined || query?.['encoding-type'] !== undefined

/** Returns the change that may help although the store has named no reason. */
const guessFor = (request: UnsignedRequest, without: readonly string[]): Change | undefined => {
  if (hasSimplerForm(request)) return undefined
  const withMd5 = canHaveMd5(request)
  return without.length > 0 || withMd5 ? { without, withMd5, isCertain: false } : undefined
}

/** Returns the change after which the store may accept a request that it has refused; `undefined` if there is none. Pure. */
export const changeAfter = (error: unknown, request: UnsignedRequest): Change | undefined => {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  const all = dispensableIn(request.headers)
  const certain = (without: readonly string[], withMd5 = false) => ({ without, withMd5, isCertain: true })
  if (name === 'XAmzContentSHA256Mismatch' && all.includes(CONTENT_HASH)) return certain([CONTENT_HASH])
  if (!isRefusedRequest(error)) return undefined
  // Buckets with Object Lock require a checksum. Not every store counts the newer ones.
  if (canHaveMd5(request) && (name === 'MissingContentMD5' || /content-?md5/i.test(message)))
    return certain([], true)
  if (statusOf(error) === 417 && all.includes('expect')) return certain(['expect'])
  const named = all.filter((header) => isNamed(header, message))
  if (named.length > 0) return certain(named)
  return guessFor(request, all)
}

/** What one store accepts and refuses. It begins with everything that AWS accepts, and learns from refusals. */
export class Dialect {
  readonly #refused = new Set<string>()
  readonly #store: string
  readonly #log: Logger | undefined
  #needsMd5 = false
  #asksFirst = false

  /** @param store - the name of the store in the log */
  constructor(store: string, log: Logger | undefined) {
    this.#store = store
    this.#log = log
  }

  /**
   * Sends a request. If the store refuses one of its headers or misses the MD5, sends the request again as the store wants
   * it. The worker remembers that for all later requests.
   *
   * @throws the error of the request; the first one if the changes did not help
   */
  async send<Request extends UnsignedRequest, Answer>(
    wanted: Request,
    next: (request: Request) => Promise<Answer>,
  ): Promise<Answer> {
    for (let request = this.#adapted(wanted); ; ) {
      try {
        return await this.#attempt(request, next)
      } catch (error) {
        const change = changeAfter(error, request)
        if (!change) throw error
        request = changed(request, change)
        if (!change.isCertain) return this.#guess(request, next, change, error)
        this.#remember(change)
      }
    }
  }

  async #attempt<Request extends UnsignedRequest, Answer>(
    request: Request,
    next: (request: Request) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      const answer = await next(request)
      if (this.#asksFirst && hasBody(request)) this.#asksFirst = false
      return answer
    } catch (error) {
      this.#asksFirst ||= brokeWhileSending(error, request)
      throw error
    }
  }

  /** Sends a request with a change that may help. Remembers the change if the store gets past the headers. */
  async #guess<Request extends UnsignedRequest, Answer>(
    request: Request,
    next: (request: Request) => Promise<Answer>,
    change: Change,
    refusal: unknown,
  ): Promise<Answer> {
    try {
      const answer = await this.#attempt(request, next)
      this.#remember(change)
      return answer
    } catch (error) {
      if (isRefusedRequest(error)) throw refusal
      const status = statusOf(error)
      if (status >= 300 && status < 500) this.#remember(change)
      throw error
    }
  }

  #remember({ without, withMd5 }: Change): void {
    const news = without.filter((header) => !this.#refused.has(header))
    for (const header of news.flatMap((each) => [each, ...(DISPENSABLE[each] ?? [])]))
      this.#refused.add(header)
    const needsMd5 = withMd5 && !this.#needsMd5
    this.#needsMd5 ||= withMd5
    if (news.length > 0)
      this.#log?.info({ headers: news }, `Object store ${this.#store} refuses headers: leaving them out`)
    if (needsMd5)
      this.#log?.info({}, `Object store ${this.#store} requires Content-MD5: sending it from now on`)
  }

  /** Returns a request as the store is known to want it. */
  #adapted<Request extends UnsignedRequest>(request: Request): Request {
    const asking =
      this.#asksFirst && hasBody(request) && !this.#refused.has('expect')
        ? { ...request, headers: { ...request.headers, expect: '100-continue' } }
        : request
    if (this.#refused.size === 0 && !this.#needsMd5) return asking
    const withMd5 = this.#needsMd5 && canHaveMd5(asking)
    return changed(asking, { without: [...this.#refused], withMd5 })
  }
}

/**
 * Returns whether a connection broke while a large body was on its way. The store may have refused the request by its
 * headers, and its answer was lost. The next request asks first (`Expect: 100-continue`). Not every request does: the SDK
 * opens a connection for each of them, and some stores never answer.
 */
const brokeWhileSending = (error: unknown, { body }: UnsignedRequest): boolean => {
  const { code } = (error ?? {}) as { code?: unknown }
  return (code === 'EPIPE' || code === 'ECONNRESET') && body instanceof Uint8Array && body.byteLength > 65_536
}

const changed = <Request extends UnsignedRequest>(
  request: Request,
  { without, withMd5 }: Pick<Change, 'without' | 'withMd5'>,
): Request => {
  const headers = { ...request.headers }
  for (const header of without)
    if (header !== CONTENT_HASH || headers[header] === UNSIGNED) delete headers[header]
  // Without its CRC32, nothing but the signature covers a body.
  if (without.includes(CRC32) && headers[CONTENT_HASH] === UNSIGNED) delete headers[CONTENT_HASH]
  if (withMd5 && hasBody(request))
    headers['content-md5'] = createHash('md5').update(request.body).digest('base64')
  return { ...request, headers }
}
