import { Bag, type Bagged } from '../utils/bag.js'

/** Something under way that can be called off. */
export interface Cancellable extends Bagged {
  cancel(): void
}

/**
 * Calls off requests under way, once and for all. Thousands a second share one, which an AbortSignal does not bear well;
 * see ADR 18.
 */
export class CancelGroup {
  readonly #open = new Bag<Cancellable>()
  #isOver = false

  /** What comes when everything has been called off is called off, too. */
  add(request: Cancellable): void {
    if (this.#isOver) request.cancel()
    else this.#open.add(request)
  }

  delete(request: Cancellable): void {
    this.#open.delete(request)
  }

  cancelAll(): void {
    this.#isOver = true
    for (const request of [...this.#open]) request.cancel()
  }
}
