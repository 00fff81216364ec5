import { describe, expect, test } from 'vitest'
import { InvalidInputError, PermanentError, TransientError } from '../../../src/errors.js'
import {
  ChecksumError,
  hasChanged,
  isDamaged,
  isLostUpload,
  isUnsupported,
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

test('damaged, unsupported and changed are told apart', () => {
  expect([answered(400, 'BadDigest'), answered(400)].map(isDamaged)).toEqual([true, false])
  expect([400, 501, 500, 412].map((status) => isUnsupported(answered(status)))).toEqual([
    true,
    true,
    false,
    false,
  ])
  expect([412, 416, 404].map((status) => hasChanged(answered(status)))).toEqual([true, true, false])
})

describe('what a store may have done although it answered with an error', () => {
  const failed = (attempts: number, status: number, name: string) =>
    Object.assign(new Error('no'), { name, $metadata: { httpStatusCode: status, attempts } })

  test.each([
    [failed(1, 500, 'InternalError'), true],
    [failed(1, 404, 'NoSuchUpload'), true],
    [failed(2, 403, 'AccessDenied'), true],
    [Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), true],
    [failed(1, 403, 'AccessDenied'), false],
    [failed(1, 404, 'NoSuchBucket'), false],
    [failed(5, 400, 'BadDigest'), false],
  ])('%o: %s', (error, expected) => {
    expect(mayBeDone(error)).toBe(expected)
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
