import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { jsonText } from '../../utils/json.js'
import { RXON_VERSION_HEADER } from '../generation.js'
import type { Refusal } from '../refusal.js'
import { pack } from './compress.js'
import { type HttpContext, headerOf } from './http-context.js'

const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

type Headers = Record<string, string | number>

/**
 * Writes to Node's response directly, because a web `Response` costs several times as much as everything else here. A
 * client that has disconnected is no error.
 */
const write = (context: HttpContext, status: number, headers: Headers, body?: string | Buffer): Response => {
  const { outgoing } = context.env
  if (!outgoing.headersSent) outgoing.writeHead(status, headers).end(body)
  return RESPONSE_ALREADY_SENT
}

const writeText = (context: HttpContext, status: number, type: string, text: string): Response => {
  const length = Buffer.byteLength(text)
  const packed = pack(text, length, headerOf(context, 'accept-encoding'))
  // Node sends a string together with the headers, and a buffer separately.
  if (!packed) return write(context, status, { 'content-type': type, 'content-length': length }, text)
  const { encoding, body } = packed
  dropVersion(context)
  const headers = { 'content-type': type, 'content-encoding': encoding, 'content-length': body.length }
  return write(context, status, headers, body)
}

/** The real orchestrator sends no version with compressed responses, and none for unknown paths. */
const dropVersion = (context: HttpContext): HttpContext => {
  context.env.outgoing.removeHeader(RXON_VERSION_HEADER)
  return context
}

export const answerJson = (context: HttpContext, value: unknown, status = 200): Response =>
  writeText(context, status, JSON_TYPE, jsonText(value))

export const answerText = (context: HttpContext, text: string, status: number): Response =>
  writeText(context, status, TEXT_TYPE, text)

export const answerNothing = (context: HttpContext): Response => write(context, 204, {})

export const refuse = (context: HttpContext, { status, error }: Refusal): Response =>
  answerJson(context, { error }, status)

export const INVALID_JSON: Refusal = { status: 400, error: 'Invalid JSON body' }
export const JOB_NOT_FOUND: Refusal = { status: 404, error: 'Job not found' }
export const WORKER_NOT_FOUND: Refusal = { status: 404, error: 'Worker not found' }

export const notFound = (context: HttpContext): Response =>
  answerText(dropVersion(context), '404: Not Found', 404)
export const wrongMethod = (context: HttpContext): Response =>
  answerText(dropVersion(context), '405: Method Not Allowed', 405)
export const internalError = (context: HttpContext): Response =>
  answerText(context, '500 Internal Server Error\n\nServer got itself in trouble', 500)

/** Answers with what `act` returns. A TypeError of `act` says what is wrong with the request. */
export const answerUnlessWrong = (context: HttpContext, act: () => Response): Response => {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refuse(context, { status: 400, error: error.message })
  }
}
