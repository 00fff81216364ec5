import { StaleMessageError, UnreachableError } from '../errors.js'
import type { Receipt, TaskResult, TraceHeaders } from '../protocol/messages.js'
import type { WireRequest } from '../protocol/protocol.js'
import { monotonicMs } from '../utils/time.js'
import type { ProtocolDetector } from './protocol-detector.js'
import type { Requests } from './requests.js'

/** A request that was sent, and whose response may be lost. */
interface PendingRequest {
  readonly request: WireRequest
  readonly writtenMs: number
}

/**
 * Sends results to an orchestrator that recognizes each message by its nonce.
 *
 * - The response is lost: the same text is sent again, because the orchestrator may have taken the result.
 * - The orchestrator responds: the next request gets a new nonce, because the orchestrator refuses a nonce it has seen.
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
  async deliver(result: TaskResult, trace?: TraceHeaders): Promise<Receipt> {
    const { protocol } = this.#detector
    const lost = this.#pending.get(result)
    const isRepeat = lost !== undefined && monotonicMs() - lost.writtenMs < protocol.repeatableMs
    const pending = isRepeat ? lost : this.#write(result)
    const read = isRepeat ? protocol.readRepeatedResult : protocol.readResult
    try {
      const receipt = await this.#requests.ask('result', pending.request, read, undefined, trace)
      this.#pending.delete(result)
      return receipt
    } catch (error) {
      this.#remember(result, pending, error)
      if (!(error instanceof StaleMessageError)) throw error
      // The response has corrected the clock.
      return this.#sendAnew(result, trace)
    }
  }

  async #sendAnew(result: TaskResult, trace?: TraceHeaders): Promise<Receipt> {
    const pending = this.#write(result)
    const { readResult } = this.#detector.protocol
    try {
      return await this.#requests.ask('result', pending.request, readResult, undefined, trace)
    } catch (error) {
      this.#remember(result, pending, error)
      throw error
    }
  }

  #write(result: TaskResult): PendingRequest {
    return { request: this.#detector.protocol.writeResult(result), writtenMs: monotonicMs() }
  }

  /** Keeps the request if its response is lost, and forgets it otherwise. */
  #remember(result: TaskResult, pending: PendingRequest, error: unknown): void {
    if (error instanceof UnreachableError) this.#pending.set(result, pending)
    else this.#pending.delete(result)
  }
}
