import { InvalidInputError, PermanentError, TaskError, TransientError } from '../errors.js'
import { isObject } from '../utils/json.js'

/** The received content is not the stored content. Another attempt may help. */
export class ChecksumError extends Error {}

/** The store may have done what was requested, but it is unknown. Another attempt may help. */
export class LostAnswer extends Error {}

/** The operation that failed, and the origin of its address. */
export interface Attempt {
  /** For example "s3://b/k cannot be downloaded". */
  readonly what: string
  /** `input`: the URI is from the params · `worker`: the URI is from the worker's settings. */
  readonly addressIsFrom: 'input' | 'worker'
}

const NOT_FOUND = new Set([
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
/** The store received other bytes than were sent. */
const DAMAGED = new Set(['BadDigest', 'XAmzContentSHA256Mismatch'])
/** The store does not have an upload in parts any more, or not all of its parts. */
const LOST_UPLOAD = new Set(['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder'])
/** Errors with a status of 4xx that are transient: damaged or slow uploads, expired tokens. */
const TRANSIENT = new Set([...DAMAGED, ...LOST_UPLOAD, 'RequestTimeout', 'ExpiredToken'])

const statusOf = (error: unknown): number => {
  const metadata = isObject(error) ? error['$metadata'] : undefined
  const status = isObject(metadata) ? metadata['httpStatusCode'] : undefined
  return typeof status === 'number' ? status : 0
}

type Kind = 'not-found' | 'permanent' | 'transient'

const kindOf = (name: string, status: number): Kind => {
  if (NOT_FOUND.has(name)) return 'not-found'
  if (DENIED.has(name)) return 'permanent'
  if (TRANSIENT.has(name) || status === 408 || status === 429) return 'transient'
  if (status === 404) return 'not-found'
  return status >= 300 && status < 500 ? 'permanent' : 'transient'
}

/** Includes the code, because the message of a failed connection is often empty. */
const reasonOf = (error: unknown, name: string, status: number): string => {
  const { code, message } = error as { code?: unknown; message?: unknown }
  const parts = [name, typeof code === 'string' && code !== name ? code : '', status || '', message]
  return parts.filter((part) => part !== '' && part !== undefined && part !== 'Error').join(': ')
}

/** Describes an error of the SDK by its name, its status and its message. */
export const describeError = (error: unknown): string =>
  reasonOf(error, error instanceof Error ? error.name : '', statusOf(error))

/** Converts an error of the SDK or the file system into the TaskError that ends the task. Decides by name and status, never by a message. */
export const taskErrorOf = (error: unknown, { what, addressIsFrom }: Attempt): TaskError => {
  if (error instanceof TaskError) return error
  const name = error instanceof Error ? error.name : ''
  const status = statusOf(error)
  const kind = error instanceof ChecksumError ? 'transient' : kindOf(name, status)
  const message = `${what}: ${describeError(error)}`
  if (kind === 'transient') return new TransientError(message, { cause: error })
  const isInput = kind === 'not-found' && addressIsFrom === 'input'
  return isInput
    ? new InvalidInputError(message, { cause: error })
    : new PermanentError(message, { cause: error })
}

/** Returns whether the store refused an upload because it was damaged on its way. */
export const isDamaged = (error: unknown): boolean => error instanceof Error && DAMAGED.has(error.name)

/** Returns whether the store does not support a request: it is invalid for the store or not implemented. */
export const isUnsupported = (error: unknown): boolean => statusOf(error) === 400 || statusOf(error) === 501

/** Returns whether the object has changed since its download began. */
export const hasChanged = (error: unknown): boolean => statusOf(error) === 412 || statusOf(error) === 416

/** Returns whether there is no such object. */
export const isAbsent = (error: unknown): boolean => statusOf(error) === 404

/** Returns whether the store may refuse `If-Match` itself. Some stores do not support it, or compare ETags wrongly. */
export const refusesCondition = (error: unknown): boolean => statusOf(error) === 412 || isUnsupported(error)

/** Returns whether an upload in parts has to begin anew. */
export const isLostUpload = (error: unknown): boolean => error instanceof Error && LOST_UPLOAD.has(error.name)

const attemptsIn = (error: unknown): number => {
  const metadata = isObject(error) ? error['$metadata'] : undefined
  const attempts = isObject(metadata) ? metadata['attempts'] : undefined
  return typeof attempts === 'number' ? attempts : 1
}

/** Returns whether the store may have done what was requested: the response was lost, or an earlier attempt had succeeded. */
export const mayBeDone = (error: unknown): boolean => {
  if (isDamaged(error)) return false
  const name = error instanceof Error ? error.name : ''
  return attemptsIn(error) > 1 || isLostUpload(error) || kindOf(name, statusOf(error)) === 'transient'
}
