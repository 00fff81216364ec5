interface Waiter {
  readonly admit: () => void
}

/** Lets so many run at once; the others wait in line. */
export class Limiter {
  readonly max: number
  #running = 0
  readonly #line = new Set<Waiter>()

  constructor(max: number) {
    this.max = max
  }

  /** Runs `work` when there is room. @throws the signal's reason when it aborts before that */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#running >= this.max) await this.#wait(signal)
    else this.#running++
    try {
      return await work()
    } finally {
      this.#leave()
    }
  }

  /** Whoever leaves hands its place on: nobody can slip in between. */
  #leave(): void {
    const [next] = this.#line
    if (next) next.admit()
    else this.#running--
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#line.delete(waiter)
        reject(signal.reason)
      }
      const waiter: Waiter = {
        admit: () => {
          this.#line.delete(waiter)
          signal.removeEventListener('abort', stop)
          resolve()
        },
      }
      this.#line.add(waiter)
      signal.addEventListener('abort', stop, { once: true })
    })
  }
}
