import { AuthError, ProtocolError, RateLimitError, ResponseError } from '../errors.js'
import { hasLongNumber, parseWide, TooDeepError } from '../utils/exact-json.js'
import { isObject } from '../utils/json.js'
import type { WireAnswer } from './protocol.js'

/** How much of an unexpected response an error message quotes, in characters. */
const EXCERPT = 200
/** How much of a response is searched for the part to quote, in characters. */
const SEARCHED = 2_000
/** An error response that is longer is a page for people, in characters. */
const MAX_ERROR_JSON = 65_536

/** Returns the start of a text from an orchestrator or a proxy, for an error message. */
const excerptOf = (text: string): string => {
  // The HTML page of a proxy or a control character must not break a log line.
  const line = text
    .slice(0, SEARCHED)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)}…` : line
}

/** The error that the orchestrator names, or the start of the response. */
const reasonIn = (answer: WireAnswer): string => {
  const target = answer.headers['location']
  if (answer.status >= 300 && answer.status < 400 && typeof target === 'string') return redirectTo(target)
  if (answer.status === 407)
    return 'the proxy wants a user name and a password: check the ones in the URL of HTTP_PROXY'
  const body = answer.text.length > MAX_ERROR_JSON ? undefined : tryParse(answer.text)
  if (isObject(body) && typeof body['error'] === 'string') return excerptOf(body['error'])
  return excerptOf(answer.text) || 'no body'
}

/** The worker follows no redirect: the target may be another server, which must not receive the token. */
const redirectTo = (target: string): string =>
  `redirect to ${excerptOf(target)}. The worker follows no redirects: ` +
  'set ORCHESTRATOR_URL (or the url in ORCHESTRATORS_CONFIG) to the address behind the redirect'

/** Parses JSON. Returns `undefined` for a text that is no JSON. */
export const tryParse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Returns `exactParams` of the task in a response. Reading them costs time, so that waits until it is asked for. */
export const exactParamsIn = (text: string): (() => unknown) | undefined =>
  hasLongNumber(text) ? () => readExactParams(text) : undefined

const readExactParams = (text: string): unknown => {
  try {
    return (parseWide(text) as Record<string, unknown>)['params']
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
    `${what} was answered ${answer.status} without a JSON object: ${excerptOf(answer.text)}`,
  )
}
