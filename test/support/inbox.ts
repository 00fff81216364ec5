/** What has come, in order; the next one can be waited for. */
export class Inbox<T> {
  readonly all: T[] = []
  #taken = 0
  #waiting: (() => void)[] = []

  put(item: T): void {
    this.all.push(item)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** The first that has not been taken yet. */
  async next(): Promise<T> {
    while (this.#taken >= this.all.length) await new Promise<void>((wake) => this.#waiting.push(wake))
    return this.all[this.#taken++] as T
  }

  /** The first that fits, whether it has been taken or not. */
  async first(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const found = this.all.find(fits)
      if (found !== undefined) return found
      await new Promise<void>((wake) => this.#waiting.push(wake))
    }
  }
}
