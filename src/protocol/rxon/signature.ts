import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { exactly, TooDeepError } from '../../utils/exact-json.js'
import { canonical, canonicalOf, NotCanonicalError } from './canonical.js'

/** Makes a key object once, because each message uses it. */
export const signingKey = (secret: string): KeyObject => createSecretKey(Buffer.from(secret))

/** Returns the signature of a text, in hexadecimal digits. */
export const hexHmac = (key: KeyObject, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex')

/** Appends members to the text of an object. */
const append = (object: string, members: string): string =>
  object === '{}' ? `{${members}}` : `${object.slice(0, -1)},${members}}`

/**
 * Returns the text of a signed message. The canonical text itself is sent, and the unsigned members follow it.
 *
 * @param unsigned - members that the signature does not cover
 * @throws NotCanonicalError if the message cannot be signed
 */
export const signedText = (
  message: object,
  { key, signerId }: { readonly key: KeyObject; readonly signerId: string },
  unsigned?: Readonly<Record<string, unknown>>,
): string => {
  const text = canonical(message)
  const security = `"security":{"signature":"${hexHmac(key, text)}","signer_id":${JSON.stringify(signerId)}}`
  return append(text, unsigned ? `${JSON.stringify(unsigned).slice(1, -1)},${security}` : security)
}

/** The members of a task that its signature covers. The orchestrator adds other members later. */
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

/** What the signature of a task proves. */
export type Proof = 'all' | 'all-but-metadata' | 'none'

/**
 * Returns which members of a task its `sig` proves. All but the metadata if the orchestrator replaced the metadata after it
 * signed the task, because another branch of the job had changed them.
 *
 * @param task - the result of `JSON.parse(text)`
 * @throws NotCanonicalError if no signature can cover the task
 */
export const provenMembers = (
  text: string,
  task: Readonly<Record<string, unknown>>,
  key: KeyObject,
): Proof => {
  const signature = task['sig']
  // Orchestrators and workers only accept lower-case digits.
  if (typeof signature !== 'string' || !/^[0-9a-f]{64}$/.test(signature)) return 'none'
  const given = Buffer.from(signature)
  const exact = exactTask(text, task)
  const matches = (names: readonly string[]) =>
    timingSafeEqual(given, Buffer.from(hexHmac(key, canonicalOf(exact, names))))
  if (matches(SIGNED_OF_A_TASK)) return 'all'
  return matches(ALL_BUT_METADATA) ? 'all-but-metadata' : 'none'
}

const exactTask = (text: string, task: object): object => {
  try {
    return exactly(text, task) as object
  } catch (error) {
    throw error instanceof TooDeepError ? new NotCanonicalError(error.message, { cause: error }) : error
  }
}
