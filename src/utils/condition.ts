interface Waiter {
  readonly holds: () => boolean
  readonly resolve: () => void
}

/** Lets callers wait until a condition holds. Code that may change the outcome of a condition calls {@link notify}. */
export class Condition {
  #waiters: Waiter[] = []

  /** Resolves as soon as `holds` returns true: now, or in a later {@link notify}. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ holds, resolve }))
  }

  /** Checks all conditions that are waited for. */
  notify(): void {
    if (this.#waiters.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.holds()) return true
      waiter.resolve()
      return false
    })
  }
}
