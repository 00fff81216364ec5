import { Bag, type Bagged } from '../utils/bag.js'

/** Something under way that can be called off. */
export interface Recallable extends Bagged {
  callOff(): void
}

/**
 * Calls off requests under way, once and for all. Thousands a second share one, which an AbortSignal does not bear well;
 * see ADR 18.
 */
export class Recall {
  readonly #open = new Bag<Recallable>()
  #isOver = false

  /** What comes when everything has been called off is called off, too. */
  add(request: Recallable): void {
    if (this.#isOver) request.callOff()
    else this.#open.add(request)
  }

  delete(request: Recallable): void {
    this.#open.delete(request)
  }

  all(): void {
    this.#isOver = true
    for (const request of [...this.#open]) request.callOff()
  }
}
