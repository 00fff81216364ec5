import { InvalidInputError, PermanentError, TaskError, TransientError } from '../errors.js'
import { isObject } from '../utils/json.js'
import { hintFor, UNKNOWN_KEY, WRONG_REGION } from './s3-hints.js'

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
const DENIED = new Set(['AccessDenied', 'SignatureDoesNotMatch', ...UNKNOWN_KEY])
/** The store received other bytes than were sent. */
const DAMAGED = new Set(['BadDigest', 'XAmzContentSHA256Mismatch'])
/** The store does not have an upload in parts any more, or not all of its parts. */
const LOST_UPLOAD = new Set(['NoSuchUpload', 'InvalidPart', 'InvalidPartOrder'])
/** Errors that are transient, whatever their status is: damaged or slow uploads, expired tokens, overload. */
const TRANSIENT = new Set([
  ...DAMAGED,
  ...LOST_UPLOAD,
  'ExpiredToken',
  'IncompleteBody',
  'InternalError',
  'OperationAborted',
  'RequestLimitExceeded',
  'RequestTimeout',
  'ServiceUnavailable',
  'SlowDown',
  'TemporaryRedirect',
  'Throttling',
  'ThrottlingException',
])
/** Statuses from 500 on that do not pass: the store does not have the function, or not this version of HTTP. */
const UNSUPPORTED = new Set([501, 505])

/** The credentials cannot be loaded. A service of the cloud or a file may have them again later. */
export class CredentialsError extends Error {}

const metadataOf = (error: unknown): Record<string, unknown> => {
  const metadata = isObject(error) ? error['$metadata'] : undefined
  return isObject(metadata) ? metadata : {}
}

/** Returns the HTTP status of an error; 0 if there was no response. */
export const statusOf = (error: unknown): number => {
  const { httpStatusCode: status } = metadataOf(error)
  return typeof status === 'number' ? status : 0
}

type Kind = 'not-found' | 'permanent' | 'transient'

const kindOf = (error: unknown): Kind => {
  const name = nameOf(error)
  const status = statusOf(error)
  if (error instanceof ChecksumError || error instanceof CredentialsError) return 'transient'
  if (NOT_FOUND.has(name) || (status === 404 && !TRANSIENT.has(name) && !DENIED.has(name))) return 'not-found'
  // The SDK has set its clock by the answer. The next signature is valid.
  if (metadataOf(error)['clockSkewCorrected'] === true) return 'transient'
  if (DENIED.has(name)) return 'permanent'
  if (TRANSIENT.has(name) || status === 408 || status === 429) return 'transient'
  return (status >= 300 && status < 500) || UNSUPPORTED.has(status) ? 'permanent' : 'transient'
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** Returns whether the same request may succeed later, although the caller changes nothing. */
export const isOutage = (error: unknown): boolean => {
  const name = nameOf(error)
  if (kindOf(error) !== 'transient' || DAMAGED.has(name) || LOST_UPLOAD.has(name)) return false
  const { code } = (error ?? {}) as { code?: unknown }
  // With a status of success, the response cannot be read. It would come again.
  const hasReason = statusOf(error) >= 300 || typeof code === 'string' || name === 'TimeoutError'
  return hasReason || error instanceof CredentialsError
}

/** Describes an outage without a text of the store, because `/readyz` is public. */
export const describeOutage = (error: unknown): string => {
  if (error instanceof CredentialsError) return 'credentials cannot be loaded'
  const { code } = (error ?? {}) as { code?: unknown }
  if (statusOf(error) > 0) return `status ${statusOf(error)}`
  return typeof code === 'string' ? code : nameOf(error)
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

/**
 * Converts an error of the SDK or the file system into the TaskError that ends the task. Decides by name and status, never by
 * a message.
 */
export const taskErrorOf = (error: unknown, { what, addressIsFrom }: Attempt): TaskError => {
  if (error instanceof TaskError) return error
  const kind = kindOf(error)
  const hint = kind === 'transient' ? undefined : hintFor(error, addressIsFrom)
  const reason = describeError(error)
  const message = `${what}: ${hint === undefined ? reason : `${reason.replace(/\.$/, '')}. ${hint}`}`
  if (kind === 'transient') return new TransientError(message, { cause: error })
  const isInput = kind === 'not-found' && addressIsFrom === 'input'
  return isInput
    ? new InvalidInputError(message, { cause: error })
    : new PermanentError(message, { cause: error })
}

/** Returns whether the store refused an upload because it was damaged on its way. */
export const isDamaged = (error: unknown): boolean => error instanceof Error && DAMAGED.has(error.name)

/** Returns whether the object has changed since its download began. */
export const hasChanged = (error: unknown): boolean => statusOf(error) === 412 || statusOf(error) === 416

/** Returns whether the store does not know the access key. */
export const isUnknownKey = (error: unknown): boolean => UNKNOWN_KEY.has(nameOf(error))

/** Returns whether there is no such object. */
export const isAbsent = (error: unknown): boolean => statusOf(error) === 404

/** Returns whether an upload in parts has to begin anew. */
export const isLostUpload = (error: unknown): boolean => LOST_UPLOAD.has(nameOf(error))

/**
 * Returns whether the store may have done what was requested: the response was lost, or an earlier attempt had succeeded.
 *
 * @param isRepeated - whether an earlier attempt has failed
 */
export const mayBeDone = (error: unknown, isRepeated: boolean): boolean =>
  !isDamaged(error) && (isRepeated || kindOf(error) === 'transient')

/** Names of errors with status 400 that say something about the object, the bucket or the signature, not about headers. */
const NOT_ABOUT_HEADERS = new Set([
  ...NOT_FOUND,
  ...DENIED,
  ...TRANSIENT,
  ...WRONG_REGION,
  'EntityTooLarge',
  'EntityTooSmall',
  'InvalidToken',
  'MalformedXML',
])

/** Returns whether the store may have refused a request because of its headers. */
export const isRefusedRequest = (error: unknown): boolean => {
  const status = statusOf(error)
  const isAboutHeaders = status === 400 || status === 417 || status === 501
  return isAboutHeaders && !NOT_ABOUT_HEADERS.has(nameOf(error))
}

/** Returns whether the store may refuse `If-Match` itself. Some stores do not support it, or compare ETags wrongly. */
export const refusesCondition = (error: unknown): boolean =>
  statusOf(error) === 412 || isRefusedRequest(error)
