import { ResponseError, StaleMessageError, UnreachableError } from '../errors.js'
import type { Receipt, TaskResult } from '../protocol/messages.js'
import type { Protocol, WireAnswer, WireRequest } from '../protocol/protocol.js'
import { monotonicMs } from '../utils/time.js'

/** What was sent and not answered. */
interface PendingRequest {
  readonly request: WireRequest
  readonly writtenMs: number
}

export type AskForReceipt = (request: WireRequest, read: (answer: WireAnswer) => Receipt) => Promise<Receipt>

/** Bad JSON or a wrong shape, or more than it takes. */
const UNREADABLE = new Set([400, 413])

/**
 * Brings results to an orchestrator that knows each message by its nonce. One whose answer was lost is sent again word
 * for word, so that it is not done twice; one that was answered is written anew; one that cannot be read is reported as
 * a failure of its task, for which the job would else wait in vain.
 */
export class ResultSender {
  readonly #protocol: () => Protocol
  readonly #ask: AskForReceipt
  readonly #unanswered = new WeakMap<TaskResult, PendingRequest>()

  constructor(protocol: () => Protocol, ask: AskForReceipt) {
    this.#protocol = protocol
    this.#ask = ask
  }

  async deliver(result: TaskResult): Promise<Receipt> {
    const protocol = this.#protocol()
    const lost = this.#unanswered.get(result)
    const repeats = lost !== undefined && monotonicMs() - lost.writtenMs < protocol.repeatableMs
    const pending = repeats ? lost : { request: protocol.writeResult(result), writtenMs: monotonicMs() }
    try {
      const receipt = await this.#ask(
        pending.request,
        repeats ? protocol.readRepeatedResult : protocol.readResult,
      )
      this.#unanswered.delete(result)
      return receipt
    } catch (error) {
      if (error instanceof UnreachableError) this.#unanswered.set(result, pending)
      else this.#unanswered.delete(result)
      return this.#otherwise(result, error)
    }
  }

  /** @throws the error, if another request does not help */
  async #otherwise(result: TaskResult, error: unknown): Promise<Receipt> {
    const protocol = this.#protocol()
    // By now the clock has been set by the answer.
    if (error instanceof StaleMessageError)
      return this.#ask(protocol.writeResult(result), protocol.readResult)
    const unreadable = error instanceof ResponseError && UNREADABLE.has(error.status)
    if (!unreadable || !protocol.writeUnreadable) throw error
    await this.#ask(protocol.writeUnreadable(result, error.message), protocol.readResult)
    return { kind: 'replaced', error }
  }
}
