/**
 * One signal for all loops of a worker. A part that changes something a loop depends on triggers the signal. The loops
 * listen, look at the whole state and act. The signal carries no data, so extra triggers do no harm.
 */
export class Wake {
  readonly #listeners: (() => void)[] = []

  /** Calls `listener` at each trigger, for as long as the signal exists. */
  listen(listener: () => void): void {
    this.#listeners.push(listener)
  }

  trigger(): void {
    for (const listener of this.#listeners) listener()
  }
}
