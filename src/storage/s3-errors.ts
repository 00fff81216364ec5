import { InvalidInputError, PermanentError, TaskError, TransientError } from '../errors.js'
import { isObject } from '../utils/json.js'

/** What was received is not what was stored: worth another try. */
export class ChecksumError extends Error {}

/** What was attempted, and whose mistake it is when the place does not exist. */
export interface Attempt {
  /** As in "s3://b/k cannot be downloaded". */
  readonly what: string
  /** `input`: the URI came with the task · `worker`: it is made of the worker's own settings. */
  readonly placeIsFrom: 'input' | 'worker'
}

const NO_SUCH_PLACE = new Set([
  'NoSuchKey',
  'NoSuchBucket',
  'NotFound',
  'InvalidBucketName',
  'InvalidURI',
  'KeyTooLongError',
])
const DENIED = new Set([
  'AccessDenied',
  'CredentialsProviderError',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
])
/** What came is not what was sent. */
const CAME_WRONG = new Set(['BadDigest', 'XAmzContentSHA256Mismatch'])
/** Client errors by their number, and yet not for good: bytes that came wrong or too slowly, a token to be renewed. */
const PASSING = new Set([...CAME_WRONG, 'RequestTimeout', 'ExpiredToken', 'NoSuchUpload'])

const statusOf = (error: unknown): number => {
  const metadata = isObject(error) ? error['$metadata'] : undefined
  const status = isObject(metadata) ? metadata['httpStatusCode'] : undefined
  return typeof status === 'number' ? status : 0
}

type Verdict = 'no-such-place' | 'permanent' | 'transient'

const verdictOn = (name: string, status: number): Verdict => {
  if (NO_SUCH_PLACE.has(name) || status === 404) return 'no-such-place'
  if (DENIED.has(name)) return 'permanent'
  if (PASSING.has(name) || status === 408 || status === 429) return 'transient'
  return status >= 300 && status < 500 ? 'permanent' : 'transient'
}

/** What a failed connection says is often only in its code. */
const wordsOf = (error: unknown, name: string, status: number): string => {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const parts = [name, typeof code === 'string' && code !== name ? code : '', status || '', message]
  return parts.filter((part) => part !== '' && part !== undefined && part !== 'Error').join(': ')
}

/** How an error of the SDK or of the file system ends a task. Decides by names and numbers, never by a message. */
export const taskErrorOf = (error: unknown, { what, placeIsFrom }: Attempt): TaskError => {
  if (error instanceof TaskError) return error
  const name = error instanceof Error ? error.name : ''
  const status = statusOf(error)
  const verdict = error instanceof ChecksumError ? 'transient' : verdictOn(name, status)
  const message = `${what}: ${wordsOf(error, name, status)}`
  if (verdict === 'transient') return new TransientError(message, { cause: error })
  const isInput = verdict === 'no-such-place' && placeIsFrom === 'input'
  return isInput
    ? new InvalidInputError(message, { cause: error })
    : new PermanentError(message, { cause: error })
}

/** The store has refused bytes that were changed on their way. */
export const cameWrong = (error: unknown): boolean => error instanceof Error && CAME_WRONG.has(error.name)

/** A request that the store takes for a wrong one, or that asks for what it has not got. */
export const isNotUnderstood = (error: unknown): boolean => statusOf(error) === 400 || statusOf(error) === 501

/** The object is not what it was when its download began. */
export const hasChanged = (error: unknown): boolean => statusOf(error) === 412 || statusOf(error) === 416
