import { describe, expect, test } from 'vitest'
import { InvalidInputError, PermanentError, TransientError } from '../../../src/errors.js'
import {
  ChecksumError,
  CredentialsError,
  describeOutage,
  hasChanged,
  isDamaged,
  isLostUpload,
  isOutage,
  isRefusedRequest,
  mayBeDone,
  refusesCondition,
  taskErrorOf,
} from '../../../src/storage/s3-errors.js'

/** An error as the SDK throws it. */
const answered = (status: number, name = 'Error', message = 'no') =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status } })

const INPUT = { what: 's3://b/k cannot be downloaded', addressIsFrom: 'input' } as const
const WORKER = { ...INPUT, addressIsFrom: 'worker' } as const

describe('the error that ends a task', () => {
  test.each([
    [301, PermanentError],
    [400, PermanentError],
    [403, PermanentError],
    [404, InvalidInputError],
    [408, TransientError],
    [409, PermanentError],
    [429, TransientError],
    [499, PermanentError],
    [500, TransientError],
    [503, TransientError],
  ])('follows from the status: %i', (status, kind) => {
    expect(taskErrorOf(answered(status), INPUT)).toBeInstanceOf(kind)
  })

  test.each([
    ['NoSuchBucket', 400, InvalidInputError],
    ['SignatureDoesNotMatch', 500, PermanentError],
    ['ExpiredToken', 400, TransientError],
    ['BadDigest', 400, TransientError],
    ['NoSuchUpload', 404, TransientError],
    ['InvalidPart', 400, TransientError],
  ])('follows from the name before the status: %s %i', (name, status, kind) => {
    expect(taskErrorOf(answered(status, name), INPUT)).toBeInstanceOf(kind)
  })

  test('blames the params only for an address that they have', () => {
    expect(taskErrorOf(answered(404), WORKER)).toBeInstanceOf(PermanentError)
  })

  test('is transient after a connection that failed, and names its code, not a status', () => {
    const error = taskErrorOf(Object.assign(new Error(''), { code: 'ECONNREFUSED' }), INPUT)
    expect(error).toBeInstanceOf(TransientError)
    expect(error.message).toBe('s3://b/k cannot be downloaded: ECONNREFUSED')
  })

  test('is transient after a wrong checksum', () => {
    expect(taskErrorOf(new ChecksumError('other bytes'), INPUT)).toBeInstanceOf(TransientError)
  })

  test('has the name, the status and the message of the store', () => {
    const { message } = taskErrorOf(answered(403, 'AccessDenied', 'not yours'), INPUT)
    expect(message).toBe('s3://b/k cannot be downloaded: AccessDenied: 403: not yours')
  })

  test('that is one already stays as it is', () => {
    const error = new PermanentError('no')
    expect(taskErrorOf(error, INPUT)).toBe(error)
  })
})

test('damaged, changed and refused are told apart', () => {
  expect([answered(400, 'BadDigest'), answered(400)].map(isDamaged)).toEqual([true, false])
  expect([412, 416, 404].map((status) => hasChanged(answered(status)))).toEqual([true, true, false])
  expect([400, 417, 501, 500, 412].map((status) => isRefusedRequest(answered(status)))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ])
  expect(isRefusedRequest(answered(400, 'EntityTooLarge'))).toBe(false)
})

describe('an outage', () => {
  const failed = (code: string) => Object.assign(new Error(''), { code })
  const timeout = Object.assign(new Error('no connection'), { name: 'TimeoutError' })

  test.each<[unknown, string | undefined]>([
    [answered(500), 'status 500'],
    [answered(503, 'SlowDown'), 'status 503'],
    [answered(400, 'RequestTimeout'), 'status 400'],
    [answered(400, 'SlowDown'), 'status 400'],
    [answered(429), 'status 429'],
    [failed('ECONNREFUSED'), 'ECONNREFUSED'],
    [failed('EAI_AGAIN'), 'EAI_AGAIN'],
    [timeout, 'TimeoutError'],
    [new CredentialsError('role quoted by a service'), 'credentials cannot be loaded'],
    [answered(501), undefined],
    [answered(200, 'SyntaxError'), undefined],
    [answered(403, 'AccessDenied'), undefined],
    [answered(404), undefined],
    [answered(400, 'BadDigest'), undefined],
    [answered(404, 'NoSuchUpload'), undefined],
    [new TypeError('a mistake in the code'), undefined],
  ])('%s is described as %s, and is not one if undefined', (error, description) => {
    expect(isOutage(error)).toBe(description !== undefined)
    if (description !== undefined) expect(describeOutage(error)).toBe(description)
  })

  test('of a clock that the SDK has set ends with the next attempt', () => {
    const error = answered(403, 'RequestTimeTooSkewed')
    expect(isOutage(error)).toBe(false)
    Object.assign(error.$metadata, { clockSkewCorrected: true })
    expect(isOutage(error)).toBe(true)
  })
})

test.each([
  ['InvalidAccessKeyId', 'Check S3_ACCESS_KEY'],
  ['XAdminUserNotFound', 'Check S3_ACCESS_KEY'],
  ['SignatureDoesNotMatch', 'Check S3_SECRET_KEY and S3_REGION'],
  ['NoSuchBucket', 'Create the bucket, or set S3_DEFAULT_BUCKET'],
])('the error of %s says what to do', (name, hint) => {
  expect(taskErrorOf(answered(403, name), WORKER).message).toMatch(new RegExp(`\\. ${hint}$`))
})

test('an unknown access key is no missing object, whatever the status is', () => {
  const error = taskErrorOf(answered(404, 'XAdminUserNotFound'), INPUT)
  expect(error.code).toBe('PERMANENT_ERROR')
})

test('a message that ends with a full stop has no second one before the hint', () => {
  const error = Object.assign(answered(403, 'SignatureDoesNotMatch'), { message: 'Check your key.' })
  expect(taskErrorOf(error, WORKER).message).toMatch(/Check your key\. Check S3_SECRET_KEY/)
})

describe('what a store may have done although it answered with an error', () => {
  test.each<[unknown, boolean, boolean]>([
    [answered(500, 'InternalError'), false, true],
    [answered(404, 'NoSuchUpload'), false, true],
    [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), false, true],
    [answered(403, 'AccessDenied'), false, false],
    [answered(404, 'NoSuchBucket'), false, false],
    [answered(403, 'AccessDenied'), true, true],
    [answered(400, 'BadDigest'), true, false],
  ])('%o, after a failure: %s. It may be done: %s', (error, isRepeated, expected) => {
    expect(mayBeDone(error, isRepeated)).toBe(expected)
  })

  test('is lost with the upload, and a condition may be refused for what it is', () => {
    expect([answered(404, 'NoSuchUpload'), answered(404)].map(isLostUpload)).toEqual([true, false])
    expect([412, 501, 400, 404, 503].map((status) => refusesCondition(answered(status)))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
