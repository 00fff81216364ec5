import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { canonical, canonicalOf } from './canonical.js'
import { exactly } from './exact-json.js'

/** A key made ready once, as it is used for every message. */
export const signingKey = (secret: string): KeyObject => createSecretKey(Buffer.from(secret))

/** The signature of a text. */
export const hexHmac = (key: KeyObject, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex')

/** `{}` says nothing else: no comma after the bracket. */
const join = (signed: string, rest: string): string =>
  signed === '{}' ? `{${rest}}` : `${signed.slice(0, -1)},${rest}}`

/**
 * The text of a signed message. What was signed is sent as it is, with what the signature does not cover behind it.
 *
 * @param unsigned - members that the signature leaves out
 * @throws NotCanonicalError
 */
export const sealed = (
  message: object,
  { key, signerId }: { readonly key: KeyObject; readonly signerId: string },
  unsigned?: Readonly<Record<string, unknown>>,
): string => {
  const text = canonical(message)
  const security = `"security":{"signature":"${hexHmac(key, text)}","signer_id":${JSON.stringify(signerId)}}`
  return join(text, unsigned ? `${JSON.stringify(unsigned).slice(1, -1)},${security}` : security)
}

/** What of a task its signature covers; the orchestrator adds other members later. */
const SIGNED_OF_A_TASK = [
  'deadline',
  'depth',
  'job_id',
  'metadata',
  'params',
  'params_metadata',
  'parent_hash',
  'policy',
  'priority',
  'step',
  'task_id',
  'timestamp',
  'tracing_context',
  'type',
] as const

const ALL_BUT_METADATA = SIGNED_OF_A_TASK.filter((name) => name !== 'metadata')

/**
 * What the `sig` of a task proves: all of it, all but its metadata (which the orchestrator replaces after signing when
 * another branch of the job has changed them), or nothing.
 *
 * @param task - the text as JSON.parse reads it
 */
export const genuineness = (
  text: string,
  task: Readonly<Record<string, unknown>>,
  key: KeyObject,
): 'all' | 'all-but-metadata' | 'none' => {
  const signature = task['sig']
  // Upper-case digits are refused everywhere.
  if (typeof signature !== 'string' || !/^[0-9a-f]{64}$/.test(signature)) return 'none'
  const given = Buffer.from(signature)
  const exact = exactly(text, task) as object
  const matches = (names: readonly string[]) =>
    timingSafeEqual(given, Buffer.from(hexHmac(key, canonicalOf(exact, names))))
  if (matches(SIGNED_OF_A_TASK)) return 'all'
  return matches(ALL_BUT_METADATA) ? 'all-but-metadata' : 'none'
}
