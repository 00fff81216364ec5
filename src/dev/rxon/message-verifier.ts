import { isObject } from '../../utils/json.js'
import { digestOf, isSameSecret } from '../access/secrets.js'
import { DevClock } from '../clock.js'
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

/** How much of a refused value a response repeats, in characters. */
const SHOWN = 100

const forbidden = (error: string): Refusal => ({ status: 403, error })
const invalid = (name: string, value: unknown): Refusal => ({
  status: 400,
  error: `invalid ${name}: ${textOf(value).slice(0, SHOWN)}`,
})

const nonceOf = ({ event_id, nonce, message_id, security }: Message['body']): unknown =>
  event_id || nonce || message_id || (isObject(security) && security['signature'])

/** Returns the seconds of a number or a text with one, as Python's `int` reads them. Any other value is `NaN`. */
const secondsIn = (timestamp: unknown): number => {
  if (typeof timestamp === 'number') return Math.trunc(timestamp)
  return typeof timestamp === 'string' && /^\s*[+-]?\d+\s*$/.test(timestamp) ? Number(timestamp) : Number.NaN
}

/**
 * Checks the time, the nonce and the signature of messages, in the order of the real orchestrator. A nonce counts as used
 * before the signature is checked, and whatever becomes of the message.
 */
export class MessageVerifier {
  readonly #auth: Pick<RxonAuth, 'keyOf'>
  readonly #nonces: ExpiringMap<true>
  readonly #clock: DevClock

  constructor(auth: Pick<RxonAuth, 'keyOf'>, clock = new DevClock()) {
    this.#auth = auth
    this.#clock = clock
    this.#nonces = new ExpiringMap(NONCE_MS, clock)
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
    const seconds = secondsIn(timestamp)
    if (!Number.isFinite(seconds)) return invalid('timestamp', timestamp)
    if (Math.abs(Math.floor(this.#clock.wallMs() / 1000) - seconds) > MAX_SKEW_S)
      return forbidden('Message timestamp expired (replay protection)')
    return this.#refusalOfNonce(workerId, nonceOf(body))
  }

  #refusalOfNonce(workerId: string, nonce: unknown): Refusal | undefined {
    if (!nonce) return undefined
    if (typeof nonce !== 'string' && typeof nonce !== 'number') return invalid('nonce', nonce)
    // A digest, because a nonce may be as long as a message, and many of them are kept.
    const key = digestOf(`${workerId} ${nonce}`)
    if (this.#nonces.get(key)) return forbidden('Duplicate message detected (replay attack)')
    this.#nonces.set(key, true)
    return undefined
  }

  #refusalOfSignature(workerId: string, { body, json }: Message, unsigned?: readonly string[]) {
    const { security } = body
    if (!isObject(security)) return forbidden('Missing required security context')
    const { signature, signer_id } = security
    const signer = signer_id || workerId
    if (!signature) return forbidden('Missing required cryptographic signature')
    if (typeof signer !== 'string') return invalid('signer_id', signer)
    if (typeof signature !== 'string') return invalid('signature', signature)
    if (signer !== workerId)
      return forbidden(`Message signer ID '${signer.slice(0, SHOWN)}' does not match worker ID '${workerId}'`)
    return isSameSecret(signature, signatureOf(json, this.#auth.keyOf(workerId), unsigned))
      ? undefined
      : forbidden('Invalid cryptographic signature')
  }
}
