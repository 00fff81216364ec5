import { after, type Timer } from './time.js'

/** One timer that can be set again and again. Setting it cancels what it was set to before, so none is ever lost. */
export class ResettableTimer {
  #timer: Timer | undefined

  get isSet(): boolean {
    return this.#timer !== undefined
  }

  /** Calls `action` once, after `ms` milliseconds. */
  set(ms: number, action: () => void): void {
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
}
