import type { TaskError } from '../errors.js'
import { monotonicMs } from '../utils/time.js'

/**
 * The abort signal of one task. It is created at the first access, because most handlers never use it. A cancel, the
 * deadline and a shutdown abort the signal, each with its own error as the reason. The first reason stays.
 */
export class TaskSignal {
  #controller: AbortController | undefined
  #reason: TaskError | undefined
  /** When the signal was aborted, by the monotonic clock. Means nothing before. */
  abortedMs = 0

  get signal(): AbortSignal {
    this.#controller ??= this.#make()
    return this.#controller.signal
  }

  /** The reason of the abort; `undefined` before. */
  get reason(): TaskError | undefined {
    return this.#reason
  }

  abort(reason: TaskError): void {
    if (this.#reason) return
    this.#reason = reason
    this.abortedMs = monotonicMs()
    this.#controller?.abort(reason)
  }

  /** @throws TaskError the reason, after an abort */
  throwIfAborted(): void {
    if (this.#reason) throw this.#reason
  }

  #make(): AbortController {
    const controller = new AbortController()
    if (this.#reason) controller.abort(this.#reason)
    return controller
  }
}
