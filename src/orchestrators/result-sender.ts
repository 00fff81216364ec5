import { ResponseError, StaleMessageError, UnreachableError } from '../errors.js'
import type { Receipt, TaskResult } from '../protocol/messages.js'
import type { WireRequest } from '../protocol/protocol.js'
import { monotonicMs } from '../utils/time.js'
import type { ProtocolDetector } from './protocol-detector.js'
import type { Requests } from './requests.js'

/** A request that was sent, and whose response may be lost. */
interface PendingRequest {
  readonly request: WireRequest
  readonly writtenMs: number
  /** Why the request reports a failure in place of the result; `undefined` if it reports the result itself. */
  readonly refusal: ResponseError | undefined
}

/** Invalid JSON or an unexpected shape (400), or a body that is too large (413). */
const UNREADABLE = new Set([400, 413])

/**
 * Sends results to an orchestrator that recognizes each message by its nonce.
 *
 * - The response is lost: the same text is sent again, because the orchestrator may have taken the result.
 * - The orchestrator responds: the next request gets a new nonce, because the orchestrator refuses a nonce it has seen.
 * - The orchestrator cannot read the result: a short failure replaces it, or the job would wait for its timeout.
 */
export class ResultSender {
  readonly #detector: Pick<ProtocolDetector, 'protocol'>
  readonly #requests: Pick<Requests, 'ask'>
  readonly #pending = new WeakMap<TaskResult, PendingRequest>()

  constructor(detector: Pick<ProtocolDetector, 'protocol'>, requests: Pick<Requests, 'ask'>) {
    this.#detector = detector
    this.#requests = requests
  }

  // The hot path: one async function while nothing goes wrong.
  async deliver(result: TaskResult): Promise<Receipt> {
    const { protocol } = this.#detector
    const lost = this.#pending.get(result)
    const isRepeat = lost !== undefined && monotonicMs() - lost.writtenMs < protocol.repeatableMs
    const pending = isRepeat ? lost : pendingNow(protocol.writeResult(result))
    const read = isRepeat ? protocol.readRepeatedResult : protocol.readResult
    try {
      const receipt = await this.#requests.ask('result', pending.request, read)
      this.#pending.delete(result)
      return pending.refusal ? { kind: 'replaced', error: pending.refusal } : receipt
    } catch (error) {
      this.#remember(result, pending, error)
      return this.#sendReplacement(result, error)
    }
  }

  /** @throws `error` if no other request helps, or the error of that request */
  async #sendReplacement(result: TaskResult, error: unknown): Promise<Receipt> {
    const pending = this.#replacementFor(result, error)
    if (!pending) throw error
    try {
      const receipt = await this.#requests.ask('result', pending.request, this.#detector.protocol.readResult)
      return pending.refusal ? { kind: 'replaced', error: pending.refusal } : receipt
    } catch (again) {
      this.#remember(result, pending, again)
      throw again
    }
  }

  #replacementFor(result: TaskResult, error: unknown): PendingRequest | undefined {
    const { protocol } = this.#detector
    // The response has corrected the clock.
    if (error instanceof StaleMessageError) return pendingNow(protocol.writeResult(result))
    const isUnreadable = error instanceof ResponseError && UNREADABLE.has(error.status)
    if (!isUnreadable || !protocol.writeUnreadable) return undefined
    return pendingNow(protocol.writeUnreadable(result, error.message), error)
  }

  /** Keeps the request if its response is lost, and forgets the result otherwise. */
  #remember(result: TaskResult, pending: PendingRequest, error: unknown): void {
    if (error instanceof UnreachableError) this.#pending.set(result, pending)
    else this.#pending.delete(result)
  }
}

const pendingNow = (request: WireRequest, refusal?: ResponseError): PendingRequest => ({
  request,
  writtenMs: monotonicMs(),
  refusal,
})
