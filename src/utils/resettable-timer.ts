import { after, type Timer } from './time.js'

/** One timer that can be set again and again. Setting it cancels what it was set to before, so none is ever lost. */
export class ResettableTimer {
  #timer: Timer | undefined
  #isClosed = false

  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Calls `action` once, after `ms` milliseconds. Does nothing after {@link close}. */
  set(ms: number, action: () => void): void {
    if (this.#isClosed) return
    this.#timer?.cancel()
    this.#timer = after(ms, () => {
      this.#timer = undefined
      action()
    })
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Cancels the timer for good. What its owner waited for may still come, and must not set it again. */
  close(): void {
    this.#isClosed = true
    this.cancel()
  }
}
