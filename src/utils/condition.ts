interface Waiter {
  readonly holds: () => boolean
  readonly resolve: () => void
}

/** Lets callers wait until something holds; whoever changes what it depends on calls {@link notify}. */
export class Condition {
  #waiters: Waiter[] = []

  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push({ holds, resolve }))
  }

  notify(): void {
    if (this.#waiters.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => {
      if (!waiter.holds()) return true
      waiter.resolve()
      return false
    })
  }
}
