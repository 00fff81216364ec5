import { Bag, type Bagged } from '../utils/bag.js'

/** Something in flight that can be canceled. */
export interface Cancellable extends Bagged {
  cancel(): void
}

/** Cancels many requests at once. Thousands a second share one group; an AbortSignal is too slow for that, see ADR 18. */
export class CancelGroup {
  readonly #open = new Bag<Cancellable>()
  #isCanceled = false

  /** Adds a request. A request that is added after `cancelAll` is canceled at once. */
  add(request: Cancellable): void {
    if (this.#isCanceled) request.cancel()
    else this.#open.add(request)
  }

  delete(request: Cancellable): void {
    this.#open.delete(request)
  }

  cancelAll(): void {
    this.#isCanceled = true
    for (const request of [...this.#open]) request.cancel()
  }
}
