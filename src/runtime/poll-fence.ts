import { after, type Timer } from '../utils/time.js'

/**
 * Holds tasks off as long as an orchestrator may hold a poll of a dead predecessor: that poll is served first, and what
 * it is served with is lost. The worker's own polls line up behind it; once one of them brings a task, it is over.
 */
export class PollFence {
  readonly #onOver: (url: string) => void
  readonly #up = new Map<string, Timer>()

  /** @param onOver - the orchestrator may give tasks from now on */
  constructor(onOver: (url: string) => void) {
    this.#onOver = onOver
  }

  get isUpAnywhere(): boolean {
    return this.#up.size > 0
  }

  isUp(url: string): boolean {
    return this.#up.has(url)
  }

  raise(url: string, ms: number): void {
    this.#up.set(
      url,
      after(ms, () => this.lift(url)),
    )
  }

  lift(url: string): void {
    const timer = this.#up.get(url)
    if (!timer) return
    timer.cancel()
    this.#up.delete(url)
    this.#onOver(url)
  }

  close(): void {
    for (const timer of this.#up.values()) timer.cancel()
    this.#up.clear()
  }
}
