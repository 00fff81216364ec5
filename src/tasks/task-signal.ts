import type { TaskError } from '../errors.js'

/**
 * The abort signal of one task, made when a handler first asks for it: most never do.
 * Cancel, deadline and shutdown abort it, each with its own error as the reason; the first wins.
 */
export class TaskSignal {
  #controller: AbortController | undefined
  #reason: TaskError | undefined

  get signal(): AbortSignal {
    this.#controller ??= this.#make()
    return this.#controller.signal
  }

  /** Why it was aborted; `undefined` while it was not. */
  get reason(): TaskError | undefined {
    return this.#reason
  }

  abort(reason: TaskError): void {
    if (this.#reason) return
    this.#reason = reason
    this.#controller?.abort(reason)
  }

  /** @throws TaskError the reason, once it was aborted */
  throwIfAborted(): void {
    if (this.#reason) throw this.#reason
  }

  #make(): AbortController {
    const controller = new AbortController()
    if (this.#reason) controller.abort(this.#reason)
    return controller
  }
}
