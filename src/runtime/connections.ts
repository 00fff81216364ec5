import type { Connection } from './connection.js'

/** Everything this worker keeps up towards its orchestrators, as one. The first one, by priority, is used. */
export class Connections {
  readonly #first: Connection

  /** @throws RangeError without a single connection */
  constructor([first]: readonly Connection[]) {
    if (!first) throw new RangeError('no orchestrator is configured')
    this.#first = first
  }

  /** Why no task can come at present; `undefined` while one orchestrator can give some. */
  get trouble(): string | undefined {
    return this.#first.trouble
  }

  open(): void {
    this.#first.open()
  }

  /** A slot, a hot model or anything else that orchestrators are told has changed. */
  changed(): void {
    this.#first.changed()
  }

  /** Tells the orchestrators not to send more, and resolves when the open polls have ended. */
  async drain(): Promise<void> {
    await this.#first.drain()
  }

  /** Calls off the polls that are still open. */
  abortPolls(): void {
    this.#first.abortPolls()
  }

  async close(): Promise<void> {
    await this.#first.close()
  }
}
