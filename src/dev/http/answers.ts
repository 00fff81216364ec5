import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { RXON_VERSION_HEADER } from '../generation.js'
import type { Refusal } from '../refusal.js'
import { pack } from './compress.js'
import { type Exchange, headerOf } from './exchange.js'

const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

type Headers = Record<string, string | number>

/**
 * Writes the answer to Node's response directly: a web `Response` that is not replaced globally costs several times
 * as much as everything else here. A client that is gone is no error.
 */
const write = (exchange: Exchange, status: number, headers: Headers, body?: string | Buffer): Response => {
  const { outgoing } = exchange.env
  if (!outgoing.headersSent) outgoing.writeHead(status, headers).end(body)
  return RESPONSE_ALREADY_SENT
}

const writeText = (exchange: Exchange, status: number, type: string, text: string): Response => {
  const length = Buffer.byteLength(text)
  const packed = pack(text, length, headerOf(exchange, 'accept-encoding'))
  // A text leaves in one piece with its headers, a buffer does not.
  if (!packed) return write(exchange, status, { 'content-type': type, 'content-length': length }, text)
  const { encoding, body } = packed
  dropVersion(exchange)
  const headers = { 'content-type': type, 'content-encoding': encoding, 'content-length': body.length }
  return write(exchange, status, headers, body)
}

/** The real one loses it on packed answers, and has none where no route is. */
const dropVersion = (exchange: Exchange): Exchange => {
  exchange.env.outgoing.removeHeader(RXON_VERSION_HEADER)
  return exchange
}

export const answerJson = (exchange: Exchange, value: unknown, status = 200): Response =>
  writeText(exchange, status, JSON_TYPE, JSON.stringify(value))

export const answerText = (exchange: Exchange, text: string, status: number): Response =>
  writeText(exchange, status, TEXT_TYPE, text)

export const answerHtml = (exchange: Exchange, html: string): Response =>
  writeText(exchange, 200, 'text/html; charset=utf-8', html)

export const answerNothing = (exchange: Exchange): Response => write(exchange, 204, {})

export const refuse = (exchange: Exchange, { status, error }: Refusal): Response =>
  answerJson(exchange, { error }, status)

export const INVALID_JSON: Refusal = { status: 400, error: 'Invalid JSON body' }
export const JOB_NOT_FOUND: Refusal = { status: 404, error: 'Job not found' }
export const WORKER_NOT_FOUND: Refusal = { status: 404, error: 'Worker not found' }

export const notFound = (exchange: Exchange): Response =>
  answerText(dropVersion(exchange), '404: Not Found', 404)
export const wrongMethod = (exchange: Exchange): Response =>
  answerText(dropVersion(exchange), '405: Method Not Allowed', 405)
export const internalError = (exchange: Exchange): Response =>
  answerText(exchange, '500 Internal Server Error\n\nServer got itself in trouble', 500)
