import type { Settings } from '../../settings.js'
import { isUnknownKey, taskErrorOf } from '../../storage/s3-errors.js'
import { S3Store } from '../../storage/s3-store.js'
import { within } from '../../utils/time.js'
import { type Examined, found, passed, skipped } from './finding.js'

/** How long the listing may take, in ms. The AWS SDK is loaded meanwhile. */
const LIST_MS = 3_500

/** Lists the bucket for results. Nothing is written. */
export const examineStore = async ({ s3 }: Settings): Promise<Examined> => {
  const name = 'object store'
  if (!s3.endpointUrl && !s3.region && !s3.accessKey) return skipped(name, 'no S3 variable is set')
  // The examination checks the version of Node itself.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const where = `s3://${s3.defaultBucket}/${s3.keyPrefix}`
  const ended = new AbortController()
  try {
    let outcome: unknown
    const listing = firstOf(
      new S3Store({ ...s3, retryMaxMs: 0 }),
      s3.defaultBucket,
      s3.keyPrefix,
      ended.signal,
    )
    const isInTime = await within(
      LIST_MS,
      listing.catch((error: unknown) => {
        outcome = error
      }),
    )
    if (!isInTime)
      return found(
        name,
        broken(where, `${s3.endpointUrl ?? 'AWS'} gave no answer within ${LIST_MS / 1_000} s.`),
      )
    if (outcome === undefined) return passed(name, `${where} can be listed`)
    const { message, cause } = taskErrorOf(outcome, {
      what: `${where} cannot be listed`,
      addressIsFrom: 'worker',
    })
    return found(name, broken(where, `${message.replace(/\.$/, '')}.`, cause))
  } finally {
    ended.abort(new Error('the examination is over'))
  }
}

const firstOf = async (
  store: S3Store,
  bucket: string,
  prefix: string,
  signal: AbortSignal,
): Promise<void> => {
  for await (const _ of store.list(bucket, prefix, { signal })) return
}

/** @param error - the error of the SDK; `undefined` if the listing did not end */
const broken = (where: string, evidence: string, error?: unknown) => ({
  code: 'store_unusable',
  severity: 'error' as const,
  cause: causeOf(where, error),
  evidence,
  remedy: 'Check the variables that begin with S3_, and that the store runs.',
})

const UNREACHABLE = 'The store of S3_ENDPOINT_URL cannot be reached.'
const WRONG_REGION = 'S3_REGION is wrong: the bucket is in another region.'

/** The causes by the name of the error, or by its code if the store did not answer. */
const CAUSES: ReadonlyMap<unknown, string> = new Map([
  ['SignatureDoesNotMatch', 'The store refuses the signature: S3_SECRET_KEY or S3_REGION is wrong.'],
  ['AuthorizationHeaderMalformed', WRONG_REGION],
  ['PermanentRedirect', WRONG_REGION],
  ['InvalidRegion', WRONG_REGION],
  ['IllegalLocationConstraintException', WRONG_REGION],
  ['ECONNREFUSED', UNREACHABLE],
  ['ENOTFOUND', UNREACHABLE],
  ['EAI_AGAIN', UNREACHABLE],
])

/** Returns why the store cannot be used, in words of the configuration. Pure. */
export const causeOf = (where: string, error: unknown): string => {
  if (error === undefined) return UNREACHABLE
  if (isUnknownKey(error)) return 'The store does not know S3_ACCESS_KEY.'
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown }
  if (name === 'NoSuchBucket') return `The bucket of ${where} does not exist.`
  if (name === 'AccessDenied') return `The keys give no access to ${where}.`
  return CAUSES.get(name) ?? CAUSES.get(code) ?? `${where} cannot be used.`
}
