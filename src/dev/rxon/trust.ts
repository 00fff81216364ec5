import { isObject } from '../../utils/json.js'
import { wallMs } from '../../utils/time.js'
import type { Refusal } from '../refusal.js'
import { Expiring } from './expiring.js'
import { signatureOf } from './signing.js'

/** How far a message's clock may be off, in seconds. */
const MAX_SKEW_S = 60
/** How long a message is known again. */
const NONCE_MS = 65_000

/** A message of a worker, read and as it was written. */
export interface Message {
  readonly body: Readonly<Record<string, unknown>>
  readonly json: string
}

const forbidden = (error: string): Refusal => ({ status: 403, error })

const nonceOf = ({ event_id, nonce, message_id, security }: Message['body']): unknown =>
  event_id || nonce || message_id || (isObject(security) && security['signature'])

/**
 * Whether a message is fresh, new, and of whom it says: the real one's checks, in its order. A nonce counts as used
 * before the signature is looked at, and whatever becomes of the message.
 */
export class Trust {
  readonly #keyOf: (workerId: string) => string
  readonly #nonces = new Expiring<true>()

  constructor(keyOf: (workerId: string) => string) {
    this.#keyOf = keyOf
  }

  /** Why the message is refused. @throws RangeError when it cannot be signed at all. */
  refusalOf(workerId: string, message: Message, without?: readonly string[]): Refusal | undefined {
    return this.#refusalOfTime(workerId, message) ?? this.#refusalOfSignature(workerId, message, without)
  }

  #refusalOfTime(workerId: string, { body }: Message): Refusal | undefined {
    const { timestamp } = body
    if (!timestamp) return forbidden('Missing required timestamp for replay protection')
    const seconds = Math.trunc(Number(timestamp))
    if (Number.isNaN(seconds)) return { status: 400, error: `invalid timestamp: ${String(timestamp)}` }
    if (Math.abs(Math.floor(wallMs() / 1000) - seconds) > MAX_SKEW_S)
      return forbidden('Message timestamp expired (replay protection)')
    return this.#isNew(workerId, nonceOf(body))
      ? undefined
      : forbidden('Duplicate message detected (replay attack)')
  }

  #isNew(workerId: string, nonce: unknown): boolean {
    if (!nonce) return true
    const key = `${workerId} ${String(nonce)}`
    if (this.#nonces.get(key)) return false
    this.#nonces.set(key, true, NONCE_MS)
    return true
  }

  #refusalOfSignature(workerId: string, { body, json }: Message, without?: readonly string[]) {
    const { security } = body
    if (!isObject(security)) return forbidden('Missing required security context')
    const { signature, signer_id: signer } = security
    if (!signature) return forbidden('Missing required cryptographic signature')
    if (signer && signer !== workerId)
      return forbidden(`Message signer ID '${signer}' does not match worker ID '${workerId}'`)
    return signature === signatureOf(json, this.#keyOf(workerId), without)
      ? undefined
      : forbidden('Invalid cryptographic signature')
  }
}
