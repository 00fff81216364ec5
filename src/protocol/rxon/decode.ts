import {
  DuplicateMessageError,
  ProtocolError,
  RateLimitError,
  type ResponseError,
  StaleMessageError,
  UnknownWorkerError,
} from '../../errors.js'
import { isObject } from '../../utils/json.js'
import { objectIn, quote, refusal, tryParse } from '../answers.js'
import type { Receipt } from '../messages.js'
import type { ShortLivedToken, WireAnswer } from '../protocol.js'

/** The pause after a 429 without `Retry-After`, in ms: longer than the window of the limiter. */
const PAUSE_MS = 61_000

/**
 * Returns the error for an unexpected response. Orchestrators refuse any message with 403. Only the text tells whether the
 * timestamp, the nonce or the token is wrong.
 */
export const errorFor = (what: string, answer: WireAnswer): ResponseError => {
  const error = refusal(what, answer)
  if (error instanceof RateLimitError)
    return new RateLimitError(error.message, error.retryAfterMs ?? PAUSE_MS)
  if (answer.status !== 403) return error
  if (answer.text.includes('timestamp expired')) return new StaleMessageError(error.message)
  return answer.text.includes('Duplicate message') ? new DuplicateMessageError(error.message) : error
}

const forgotten = (reason: string): UnknownWorkerError =>
  new UnknownWorkerError(`The orchestrator does not know this worker (${reason})`)

export const readRegistration = (answer: WireAnswer): void => {
  if (answer.status !== 200) throw errorFor('The registration', answer)
}

const NOTHING_CANCELLED: readonly string[] = []

/** Most orchestrators return `ok` to an unknown worker, some return `null`. */
export const readHeartbeat = (answer: WireAnswer): readonly string[] => {
  const body = readKnown('A heartbeat', answer)
  if (body['require_full_sync'] === true) throw forgotten('the skills are missing')
  const ids = body['cancel_task_ids']
  return Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : NOTHING_CANCELLED
}

export const readLivenessCheck = (answer: WireAnswer): void => {
  readKnown('A heartbeat without a body', answer)
}

const readKnown = (what: string, answer: WireAnswer): Record<string, unknown> => {
  if (answer.status === 404) throw forgotten('404')
  if (answer.status !== 200) throw errorFor(what, answer)
  if (answer.text.trim() === 'null') throw forgotten('null')
  return objectIn(what, answer)
}

const TAKEN: Receipt = { kind: 'taken' }

export const readResult = (answer: WireAnswer): Receipt => {
  if (answer.status !== 200) throw errorFor('A result', answer)
  const { status, reason } = objectIn('A result', answer)
  if (typeof status !== 'string') {
    throw new ProtocolError('Result answered 200 without a status: the orchestrator may not have accepted it')
  }
  if (status !== 'ignored') return TAKEN
  return { kind: 'ignored', reason: typeof reason === 'string' ? quote(reason, answer) : 'no reason given' }
}

/** Reads the response to a repeated result. "Duplicate" means that the orchestrator took the first request. */
export const readRepeatedResult = (answer: WireAnswer): Receipt => {
  try {
    return readResult(answer)
  } catch (error) {
    if (error instanceof DuplicateMessageError) return TAKEN
    throw error
  }
}

/** Orchestrators return 200 even if they refuse an event. */
export const readEvent = (answer: WireAnswer): void => {
  if (answer.status !== 200) throw errorFor('An event', answer)
  const body = objectIn('An event', answer)
  if (body['status'] !== 'error') return
  const { message } = body
  throw new ProtocolError(
    `Event refused by the orchestrator: ${typeof message === 'string' ? quote(message, answer) : 'no reason given'}`,
  )
}

/** Servers read up to 8 kB of headers, and the body has the refresh token. In characters. */
const LONGEST_TOKEN = 4_096
/** A token that lives longer is renewed earlier, in seconds. */
const LONGEST_LIFE = 86_400

/** Whether a value can be sent in a header. */
const isToken = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= LONGEST_TOKEN && /^[!-~]+$/.test(value)

/** Reads a token. Error messages never quote the response, because it may contain a token. */
export const readToken = (answer: WireAnswer): ShortLivedToken => {
  if (answer.status >= 300) throw errorFor('A request for a short-lived token', answer)
  const body = tryParse(answer.text)
  const { access_token: token, expires_in: seconds, refresh_token: next } = isObject(body) ? body : {}
  if (!isToken(token) || typeof seconds !== 'number' || !(seconds > 0))
    throw new ProtocolError(
      `A request for a short-lived token was answered ${answer.status} without one of up to ${LONGEST_TOKEN} characters`,
    )
  return {
    token,
    lifetimeMs: Math.min(seconds, LONGEST_LIFE) * 1_000,
    ...(isToken(next) && { refreshToken: next }),
  }
}
