import type { ResultSink } from '../delivery/result-queue.js'
import { after, type Timer } from '../utils/time.js'

/**
 * Holds tasks off as long as an orchestrator may hold a poll of a dead predecessor: that poll is served first, and what
 * it is served with is lost. The worker's own polls of that id line up behind it; once it was one of them that an
 * orchestrator has served, it is over.
 */
export class PollFence {
  readonly #onOver: (source: ResultSink) => void
  readonly #up = new Map<ResultSink, Timer>()

  /** @param onOver - the orchestrator may give tasks from now on */
  constructor(onOver: (source: ResultSink) => void) {
    this.#onOver = onOver
  }

  isUp(source: ResultSink): boolean {
    return this.#up.has(source)
  }

  raise(source: ResultSink, ms: number): void {
    this.#up.set(
      source,
      after(ms, () => this.lift(source)),
    )
  }

  lift(source: ResultSink): void {
    const timer = this.#up.get(source)
    if (!timer) return
    timer.cancel()
    this.#up.delete(source)
    this.#onOver(source)
  }

  close(): void {
    for (const timer of this.#up.values()) timer.cancel()
    this.#up.clear()
  }
}
