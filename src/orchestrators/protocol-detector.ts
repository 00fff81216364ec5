import { ProtocolError } from '../errors.js'
import type { Identity, Protocol, WireAnswer, WireRequest } from '../protocol/protocol.js'
import {
  type Dialect,
  dialectByHeader,
  dialectByTokens,
  FIRST_PROBE,
  generationByEvents,
  protocolOf,
  SECOND_PROBE,
  THIRD_PROBE,
} from '../protocol/select.js'
import type { GenerationChoice } from '../settings.js'
import type { Transport } from '../transport/http.js'
import { monotonicMs } from '../utils/time.js'

/** How long one probe may take, in ms. */
const DEADLINE_MS = 15_000
/** How long the failure of a detection counts for callers that only need a known protocol, in ms. */
const FAILURE_MS = 1_000

/** The protocol that one orchestrator understands: the configured one, or with `auto` the one that probes detect. */
export class ProtocolDetector {
  readonly #transport: Pick<Transport, 'send'>
  readonly #identity: Identity
  readonly #isAuto: boolean
  #dialect: Dialect
  #protocol: Protocol
  #isKnown: boolean
  #isDoubtful: boolean
  #detection: Promise<void> | undefined
  #failure: { readonly error: unknown; readonly atMs: number } | undefined

  constructor(transport: Pick<Transport, 'send'>, identity: Identity, choice: GenerationChoice) {
    this.#transport = transport
    this.#identity = identity
    this.#isAuto = choice === 'auto'
    this.#isKnown = !this.#isAuto
    this.#isDoubtful = this.#isAuto
    this.#dialect = choice === 'auto' ? 'rxon' : choice
    this.#protocol = protocolOf(this.#dialect, identity)
  }

  /** A guess until {@link isKnown} is true. */
  get protocol(): Protocol {
    return this.#protocol
  }

  /** Whether the protocol is configured, or was detected at least once. */
  get isKnown(): boolean {
    return this.#isKnown
  }

  /** Whether the orchestrator may have been replaced since the last detection. Never true for a configured protocol. */
  get isDoubtful(): boolean {
    return this.#isDoubtful
  }

  /** Notes that the orchestrator did not respond or refused the token: another version may be running there now. */
  doubt(): void {
    this.#isDoubtful = this.#isAuto
  }

  /**
   * Detects the protocol again. Concurrent callers share one detection.
   *
   * @throws UnreachableError, or ProtocolError if the responses do not show the protocol
   */
  detect(): Promise<void> {
    if (!this.#isAuto) return Promise.resolve()
    this.#detection ??= this.#detect().finally(() => {
      this.#detection = undefined
    })
    return this.#detection
  }

  /**
   * Resolves when the protocol is known. Detects it if necessary, at most once a second however many callers there are.
   *
   * @throws the error of the last detection
   */
  async ensureKnown(): Promise<void> {
    if (this.#isKnown) return
    const failure = this.#failure
    if (failure && monotonicMs() - failure.atMs < FAILURE_MS) throw failure.error
    await this.detect()
  }

  async #detect(): Promise<void> {
    try {
      this.#adopt(await probe(this.#transport))
    } catch (error) {
      this.#failure = { error, atMs: monotonicMs() }
      throw error
    }
  }

  #adopt(dialect: Dialect): void {
    this.#isKnown = true
    this.#isDoubtful = false
    if (dialect === this.#dialect) return
    this.#dialect = dialect
    this.#protocol = protocolOf(dialect, this.#identity)
  }
}

/** Sends up to three requests that leave no trace at the orchestrator. */
const probe = async (transport: Pick<Transport, 'send'>): Promise<Dialect> => {
  const seen: string[] = []
  const send = async (request: WireRequest): Promise<WireAnswer> => {
    const answer = await transport.send({ ...request, deadlineMs: DEADLINE_MS })
    seen.push(`${request.method} ${request.path} returned ${answer.status}`)
    return answer
  }
  let dialect = dialectByHeader(await send(FIRST_PROBE))
  if (!dialect) {
    const events = await send(SECOND_PROBE)
    dialect = dialectByHeader(events) ?? generationByEvents(events)
  }
  if (dialect === 'classic') dialect = dialectByTokens(await send(THIRD_PROBE))
  if (dialect) return dialect
  throw new ProtocolError(
    `Protocol detection failed: ${seen.join(', ')}. Set ORCHESTRATOR_PROTOCOL if you know the protocol.`,
  )
}
