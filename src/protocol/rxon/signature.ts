import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { canonical, canonicalWithout } from './canonical.js'
import { parseExactly } from './exact-json.js'

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
  unsigned: Readonly<Record<string, unknown>> = {},
): string => {
  const text = canonical(message)
  const signature = hexHmac(key, text)
  const security = { signature, signer_id: signerId }
  return join(text, JSON.stringify({ ...unsigned, security }).slice(1, -1))
}

/** What of a task its signature covers; the orchestrator adds other members later. */
const SIGNED_OF_A_TASK = [
  'job_id',
  'task_id',
  'type',
  'params',
  'tracing_context',
  'params_metadata',
  'priority',
  'deadline',
  'metadata',
  'timestamp',
  'policy',
  'step',
  'depth',
  'parent_hash',
] as const

const NOTHING: ReadonlySet<string> = new Set()
const METADATA: ReadonlySet<string> = new Set(['metadata'])

/**
 * What the `sig` of a task proves: all of it, all but its metadata (which the orchestrator replaces after signing when
 * another branch of the job has changed them), or nothing.
 */
export const genuineness = (text: string, key: KeyObject): 'all' | 'all-but-metadata' | 'none' => {
  const task = parseExactly(text) as Record<string, unknown>
  const signature = task['sig']
  // Upper-case digits are refused everywhere.
  if (typeof signature !== 'string' || !/^[0-9a-f]{64}$/.test(signature)) return 'none'
  const given = Buffer.from(signature)
  const signed = Object.fromEntries(SIGNED_OF_A_TASK.map((name) => [name, task[name]]))
  const matches = (dropped: ReadonlySet<string>) =>
    timingSafeEqual(given, Buffer.from(hexHmac(key, canonicalWithout(signed, dropped))))
  if (matches(NOTHING)) return 'all'
  return matches(METADATA) ? 'all-but-metadata' : 'none'
}
