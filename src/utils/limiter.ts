/** Runs a limited number of jobs at the same time. Further jobs wait in a queue. */
export class Limiter {
  readonly max: number
  #running = 0
  readonly #queue = new Set<() => void>()

  constructor(max: number) {
    this.max = max
  }

  /** Runs `work` as soon as the limit allows. @throws the reason of the signal if it aborts before that */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted()
    if (this.#running >= this.max) await this.#wait(signal)
    else this.#running++
    try {
      return await work()
    } finally {
      this.#end()
    }
  }

  /** Passes the place of a job on to the next in the queue, so that a new caller cannot take it first. */
  #end(): void {
    const [startNext] = this.#queue
    if (startNext) startNext()
    else this.#running--
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        this.#queue.delete(start)
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = () => {
        this.#queue.delete(start)
        reject(signal.reason)
      }
      this.#queue.add(start)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }
}
