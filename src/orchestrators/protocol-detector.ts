import { DowngradeError, ProtocolError } from '../errors.js'
import type { Generation, Identity, Protocol, WireAnswer, WireRequest } from '../protocol/protocol.js'
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
  #downgrade: DowngradeError | undefined
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

  /** Why nothing may be sent to this peer: it cannot sign its tasks. Another detection may find another peer. */
  get downgrade(): DowngradeError | undefined {
    return this.#downgrade
  }

  /** Notes that the orchestrator did not respond or refused the token: another version may be running there now. */
  doubt(): void {
    this.#isDoubtful = this.#isAuto
  }

  /**
   * Detects the protocol again. Concurrent callers share one detection.
   *
   * @throws UnreachableError, ProtocolError if the responses do not show the protocol, or DowngradeError if tasks must be
   * signed and the responses show the first generation
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

  /**
   * Asks which generation the orchestrator shows, whatever is configured. Changes nothing.
   *
   * @throws UnreachableError, or ProtocolError if the responses do not show the protocol
   */
  async shownGeneration(): Promise<Generation> {
    const dialect = await probe(this.#transport, false)
    return dialect === 'unsigned' ? 'classic' : protocolOf(dialect, this.#identity).generation
  }

  async #detect(): Promise<void> {
    try {
      const dialect = await probe(this.#transport, this.#identity.taskKey !== undefined)
      if (dialect === 'unsigned') throw this.#distrust()
      this.#adopt(dialect)
    } catch (error) {
      this.#failure = { error, atMs: monotonicMs() }
      throw error
    }
  }

  /** The protocol in use stays: it verifies the tasks of the polls that are still open. */
  #distrust(): DowngradeError {
    this.#isDoubtful = true
    this.#downgrade ??= new DowngradeError(DOWNGRADE)
    return this.#downgrade
  }

  #adopt(dialect: Dialect): void {
    this.#downgrade = undefined
    this.#isKnown = true
    this.#isDoubtful = false
    if (dialect === this.#dialect) return
    this.#dialect = dialect
    this.#protocol = protocolOf(dialect, this.#identity)
  }
}

const DOWNGRADE =
  'Orchestrator not used: it answers like the first generation, which cannot sign tasks, but a key for their signatures is ' +
  'set. If the orchestrator is that old, leave ORCHESTRATOR_SECRET_KEY out for it. Otherwise check the URL and the network'

/**
 * Sends up to three requests that leave no trace at the orchestrator.
 *
 * @param mustSign - whether a peer without signatures is `unsigned`, whichever form of the first generation it speaks
 */
const probe = async (
  transport: Pick<Transport, 'send'>,
  mustSign: boolean,
): Promise<Dialect | 'unsigned'> => {
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
  // Anybody can answer like the first generation, and then give forged tasks.
  if (dialect === 'classic' && mustSign) return 'unsigned'
  if (dialect === 'classic') dialect = dialectByTokens(await send(THIRD_PROBE))
  if (dialect) return dialect
  throw new ProtocolError(
    `Protocol detection failed: ${seen.join(', ')}. Set ORCHESTRATOR_PROTOCOL if you know the protocol.`,
  )
}
