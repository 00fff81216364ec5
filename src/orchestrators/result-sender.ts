import { ResponseError, StaleMessageError, UnreachableError } from '../errors.js'
import type { Receipt, TaskResult } from '../protocol/messages.js'
import type { Protocol, WireAnswer, WireRequest } from '../protocol/protocol.js'
import { monotonicMs } from '../utils/time.js'

/** A request that was sent, and whose response may be lost. */
interface PendingRequest {
  readonly request: WireRequest
  readonly writtenMs: number
  /** Why the request reports a failure in place of the result; absent if it reports the result itself. */
  readonly refusal?: ResponseError
}

export type AskForReceipt = (request: WireRequest, read: (answer: WireAnswer) => Receipt) => Promise<Receipt>

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
  readonly #protocol: () => Protocol
  readonly #ask: AskForReceipt
  readonly #pending = new WeakMap<TaskResult, PendingRequest>()

  constructor(protocol: () => Protocol, ask: AskForReceipt) {
    this.#protocol = protocol
    this.#ask = ask
  }

  async deliver(result: TaskResult): Promise<Receipt> {
    const protocol = this.#protocol()
    const pending = this.#pending.get(result)
    try {
      if (pending && monotonicMs() - pending.writtenMs < protocol.repeatableMs)
        return await this.#send(result, pending, protocol.readRepeatedResult)
      return await this.#sendNew(result, protocol.writeResult(result))
    } catch (error) {
      // The response has corrected the clock, so a new timestamp is right.
      if (error instanceof StaleMessageError) return this.#sendNew(result, protocol.writeResult(result))
      const isUnreadable = error instanceof ResponseError && UNREADABLE.has(error.status)
      if (!isUnreadable || !protocol.writeUnreadable) throw error
      return this.#sendNew(result, protocol.writeUnreadable(result, error.message), error)
    }
  }

  #sendNew(result: TaskResult, request: WireRequest, refusal?: ResponseError): Promise<Receipt> {
    const pending = { request, writtenMs: monotonicMs(), ...(refusal && { refusal }) }
    return this.#send(result, pending, this.#protocol().readResult)
  }

  /** Remembers the request if its response is lost, and forgets it otherwise. */
  async #send(
    result: TaskResult,
    pending: PendingRequest,
    read: (answer: WireAnswer) => Receipt,
  ): Promise<Receipt> {
    try {
      const receipt = await this.#ask(pending.request, read)
      this.#pending.delete(result)
      return pending.refusal ? { kind: 'replaced', error: pending.refusal } : receipt
    } catch (error) {
      if (error instanceof UnreachableError) this.#pending.set(result, pending)
      else this.#pending.delete(result)
      throw error
    }
  }
}
