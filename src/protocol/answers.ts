import { AuthError, ProtocolError, RateLimitError, ResponseError } from '../errors.js'
import { hasLongNumber, parseWide, TooDeepError } from '../utils/exact-json.js'
import { isObject } from '../utils/json.js'
import { Redactor } from '../utils/redactor.js'
import type { WireAnswer } from './protocol.js'

const NO_SECRETS = new Redactor([])

/** Returns a text of a response for an error message or a log line. Nothing else may quote a response. */
export const quote = (text: string, { redactor = NO_SECRETS }: Pick<WireAnswer, 'redactor'>): string =>
  redactor.quote(text)

/** A longer response is a page for people: it is not parsed to find its error. In characters. */
const LONGEST_REFUSAL = 16_384

/** The error that the orchestrator names, or the start of the response. */
const reasonIn = (answer: WireAnswer): string => {
  const target = answer.headers['location']
  if (answer.status >= 300 && answer.status < 400 && typeof target === 'string')
    return redirectTo(quote(target, answer))
  if (answer.status === 407)
    return 'the proxy wants a user name and a password: check the ones in the URL of HTTP_PROXY'
  const body = answer.text.length > LONGEST_REFUSAL ? undefined : tryParse(answer.text)
  if (isObject(body) && typeof body['error'] === 'string') return quote(body['error'], answer)
  return quote(answer.text, answer) || 'no body'
}

/** The worker follows no redirect: the target may be another server, which must not receive the token. */
const redirectTo = (target: string): string =>
  `redirect to ${target}. The worker follows no redirects: ` +
  'set ORCHESTRATOR_URL (or the url in ORCHESTRATORS_CONFIG) to the address behind the redirect'

/** Parses JSON. Returns `undefined` for a text that is no JSON. */
export const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Returns `exactParams` of the task in a response. Reading them costs time, so that waits until it is asked for.
 *
 * @param clean - removes from the task what must not reach a handler
 */
export const exactParamsIn = (text: string, clean?: (task: object) => void): (() => unknown) | undefined =>
  hasLongNumber(text) ? () => readExactParams(text, clean) : undefined

const readExactParams = (text: string, clean: ((task: object) => void) | undefined): unknown => {
  try {
    const task = parseWide(text) as Record<string, unknown>
    clean?.(task)
    return task['params']
  } catch (error) {
    // The handler receives such params without bigints.
    if (error instanceof TooDeepError) return undefined
    throw error
  }
}

/** Returns `Retry-After` in ms: a number of seconds, or a date compared with the `Date` of the same response. */
const retryAfterMs = (headers: WireAnswer['headers']): number | undefined => {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000
  const date = headers['date']
  const wait = Date.parse(value) - Date.parse(typeof date === 'string' ? date : '')
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

/** Returns the error for an unexpected response to `what`. */
export const refusal = (what: string, answer: WireAnswer): ResponseError => {
  const message = `${what} was answered ${answer.status}: ${reasonIn(answer)}`
  if (answer.status === 401 || answer.status === 403) return new AuthError(answer.status, message)
  if (answer.status === 429) return new RateLimitError(message, retryAfterMs(answer.headers))
  return new ResponseError(answer.status, message)
}

/** Whether a response refuses the token. All other refusals of the second generation have a different text. */
export const refusesToken = ({ status, text }: WireAnswer): boolean =>
  status === 401 || (status === 403 && text.includes('Unauthorized'))

/**
 * Returns the JSON object in a response.
 *
 * @throws ProtocolError if the response is no JSON object
 */
export const objectIn = (what: string, answer: WireAnswer): Record<string, unknown> => {
  const body = tryParse(answer.text)
  if (isObject(body)) return body
  throw new ProtocolError(
    `${what} was answered ${answer.status} without a JSON object: ${quote(answer.text, answer)}`,
  )
}
