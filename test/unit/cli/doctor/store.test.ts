import { expect, test } from 'vitest'
import { causeOf } from '../../../../src/cli/doctor/store.js'

const named = (name: string, message = '') => Object.assign(new Error(message), { name })
const coded = (code: string) => Object.assign(new AggregateError([]), { code })

test.each<readonly [string, unknown, string]>([
  ['a wrong secret', named('SignatureDoesNotMatch'), 'S3_SECRET_KEY or S3_REGION is wrong'],
  ['an unknown key', named('InvalidAccessKeyId'), 'does not know S3_ACCESS_KEY'],
  ['another region', named('PermanentRedirect'), 'S3_REGION is wrong'],
  ['a missing bucket', named('NoSuchBucket'), 'The bucket of s3://b/ does not exist'],
  ['keys without access', named('AccessDenied'), 'The keys give no access to s3://b/'],
  ['nothing that listens', coded('ECONNREFUSED'), 'cannot be reached'],
  ['a listing that does not end', undefined, 'cannot be reached'],
  ['an error that only quotes a name', named('InternalError', 'not NoSuchBucket'), 's3://b/ cannot be used'],
  ['a value that is no error', null, 's3://b/ cannot be used'],
])('%s', (_what, error, cause) => {
  expect(causeOf('s3://b/', error)).toContain(cause)
})
