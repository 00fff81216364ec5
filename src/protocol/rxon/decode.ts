import {
  DuplicateMessageError,
  ProtocolError,
  RateLimitError,
  type ResponseError,
  StaleMessageError,
  UnknownWorkerError,
} from '../../errors.js'
import { isObject } from '../../utils/json.js'
import { objectIn, refusal, tryParse } from '../answers.js'
import type { Receipt } from '../messages.js'
import type { ShortLivedToken, WireAnswer } from '../protocol.js'

/** The limiter counts while it is asked and says nothing of its window; this much silence opens it again. */
const SILENCE_MS = 61_000

/**
 * The error an unhoped-for answer stands for. All refusals of a message are 403, and only their words tell a clock that
 * is wrong from a token that is.
 */
export const problem = (what: string, answer: WireAnswer): ResponseError => {
  const error = refusal(what, answer)
  if (error instanceof RateLimitError)
    return new RateLimitError(error.message, error.retryAfterMs ?? SILENCE_MS)
  if (answer.status !== 403) return error
  if (answer.text.includes('timestamp expired')) return new StaleMessageError(error.message)
  return answer.text.includes('Duplicate message') ? new DuplicateMessageError(error.message) : error
}

const forgotten = (why: string): UnknownWorkerError =>
  new UnknownWorkerError(`The orchestrator has no whole record of this worker: ${why}`)

export const readRegistration = (answer: WireAnswer): void => {
  if (answer.status !== 200) throw problem('The registration', answer)
}

const NOTHING_CANCELLED: readonly string[] = []

/** A worker that was forgotten is answered `ok`; some versions say `null` here, too. */
export const readHeartbeat = (answer: WireAnswer): readonly string[] => {
  const body = readKnown('A heartbeat', answer)
  if (body['require_full_sync'] === true) throw forgotten('it lacks the skills')
  const ids = body['cancel_task_ids']
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : NOTHING_CANCELLED
}

export const readLivenessCheck = (answer: WireAnswer): void => {
  readKnown('A heartbeat without a body', answer)
}

const readKnown = (what: string, answer: WireAnswer): Record<string, unknown> => {
  if (answer.status === 404) throw forgotten('404')
  if (answer.status !== 200) throw problem(what, answer)
  if (answer.text.trim() === 'null') throw forgotten('null')
  return objectIn(what, answer)
}

const TAKEN: Receipt = { kind: 'taken' }

export const readResult = (answer: WireAnswer): Receipt => {
  if (answer.status !== 200) throw problem('A result', answer)
  const { status, reason } = objectIn('A result', answer)
  if (typeof status !== 'string') {
    throw new ProtocolError('A result was answered 200 without a status: it may not have been taken')
  }
  if (status !== 'ignored') return TAKEN
  return { kind: 'ignored', reason: typeof reason === 'string' ? reason : 'no reason given' }
}

/** Where the first answer was lost, "seen before" means that it was read. */
export const readRepeatedResult = (answer: WireAnswer): Receipt => {
  try {
    return readResult(answer)
  } catch (error) {
    if (error instanceof DuplicateMessageError) return TAKEN
    throw error
  }
}

/** A refused event is answered 200, too. */
export const readEvent = (answer: WireAnswer): void => {
  if (answer.status !== 200) throw problem('An event', answer)
  const body = objectIn('An event', answer)
  if (body['status'] !== 'error') return
  const { message } = body
  throw new ProtocolError(`The orchestrator refuses an event: ${isObject(message) ? '' : String(message)}`)
}

/** What can be sent in a header. */
const isToken = (value: unknown): value is string => typeof value === 'string' && /^[!-~]+$/.test(value)

/** An answer that may hold a token is never quoted. */
export const readToken = (answer: WireAnswer): ShortLivedToken => {
  if (answer.status >= 300) throw problem('A request for a short-lived token', answer)
  const body = tryParse(answer.text)
  const { access_token: token, expires_in: seconds, refresh_token: next } = isObject(body) ? body : {}
  if (!isToken(token) || typeof seconds !== 'number' || !(seconds > 0))
    throw new ProtocolError(`A request for a short-lived token was answered ${answer.status} without one`)
  return { token, lifetimeMs: seconds * 1_000, ...(isToken(next) && { refreshToken: next }) }
}
