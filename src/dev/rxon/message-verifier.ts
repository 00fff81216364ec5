import { isObject } from '../../utils/json.js'
import { wallMs } from '../../utils/time.js'
import { isSameSecret } from '../access/secrets.js'
import { ExpiringMap } from '../expiring-map.js'
import type { Refusal } from '../refusal.js'
import { textOf } from '../text-of.js'
import type { RxonAuth } from './rxon-auth.js'
import { signatureOf } from './signing.js'

/** How far the clock of a message may be off, in seconds. */
const MAX_SKEW_S = 60
/** How long a nonce is remembered, in ms. */
const NONCE_MS = 65_000

/** A message of a worker, parsed and as it was sent. */
export interface Message {
  readonly body: Readonly<Record<string, unknown>>
  readonly json: string
}

const forbidden = (error: string): Refusal => ({ status: 403, error })

const nonceOf = ({ event_id, nonce, message_id, security }: Message['body']): unknown =>
  event_id || nonce || message_id || (isObject(security) && security['signature'])

/**
 * Checks the time, the nonce and the signature of messages, in the order of the real orchestrator. A nonce counts as used
 * before the signature is checked, and whatever becomes of the message.
 */
export class MessageVerifier {
  readonly #auth: Pick<RxonAuth, 'keyOf'>
  readonly #nonces = new ExpiringMap<true>(NONCE_MS)

  constructor(auth: Pick<RxonAuth, 'keyOf'>) {
    this.#auth = auth
  }

  /**
   * Returns why a message is refused, or `undefined` if it is genuine.
   *
   * @param unsigned - the members that the signature does not cover
   * @throws RangeError if the message cannot be signed at all
   */
  refusalOf(workerId: string, message: Message, unsigned?: readonly string[]): Refusal | undefined {
    return this.#refusalOfTime(workerId, message) ?? this.#refusalOfSignature(workerId, message, unsigned)
  }

  #refusalOfTime(workerId: string, { body }: Message): Refusal | undefined {
    const { timestamp } = body
    if (!timestamp) return forbidden('Missing required timestamp for replay protection')
    const seconds = typeof timestamp === 'object' ? Number.NaN : Math.trunc(Number(timestamp))
    if (Number.isNaN(seconds)) return { status: 400, error: `invalid timestamp: ${textOf(timestamp)}` }
    if (Math.abs(Math.floor(wallMs() / 1000) - seconds) > MAX_SKEW_S)
      return forbidden('Message timestamp expired (replay protection)')
    return this.#isNew(workerId, nonceOf(body))
      ? undefined
      : forbidden('Duplicate message detected (replay attack)')
  }

  #isNew(workerId: string, nonce: unknown): boolean {
    if (!nonce) return true
    const key = `${workerId} ${textOf(nonce)}`
    if (this.#nonces.get(key)) return false
    this.#nonces.set(key, true)
    return true
  }

  #refusalOfSignature(workerId: string, { body, json }: Message, unsigned?: readonly string[]) {
    const { security } = body
    if (!isObject(security)) return forbidden('Missing required security context')
    const { signature, signer_id: signer } = security
    if (!signature) return forbidden('Missing required cryptographic signature')
    if (signer && signer !== workerId)
      return forbidden(`Message signer ID '${textOf(signer)}' does not match worker ID '${workerId}'`)
    return typeof signature === 'string' &&
      isSameSecret(signature, signatureOf(json, this.#auth.keyOf(workerId), unsigned))
      ? undefined
      : forbidden('Invalid cryptographic signature')
  }
}
