/**
 * A newer mark is written only if the last mark is older than this, in ms. The newest poll may therefore be this much
 * younger than its mark says.
 */
const MARK_SLACK_MS = 1_000

/** How a poll ended. The orchestrator may still hold a poll that was sent and not answered. */
export type PollEnd = 'answered' | 'unanswered' | 'not sent'

/**
 * Decides when the journal records that one orchestrator may hold a poll of this worker. The recorded time (the mark) is
 * accurate to a second: a busy worker then writes one line a second, not one for each poll. No I/O and no clock; times
 * are in ms since 1970.
 */
export class PollMark {
  readonly #holdMs: number
  #open = 0
  #markedMs: number | null = null
  /** Until then the orchestrator may hold a poll that this worker has given up. */
  #orphanUntilMs = 0

  /** @param holdMs - how long the orchestrator may hold a poll */
  constructor(holdMs: number) {
    this.#holdMs = holdMs
  }

  /** The recorded time of the newest poll; `null` if none is recorded. */
  get markedMs(): number | null {
    return this.#markedMs
  }

  /** A poll is about to be opened. Returns the mark to write, or `undefined` if the last mark is recent enough. */
  opened(nowMs: number): number | undefined {
    this.#open++
    if (this.#isRecent(nowMs)) return undefined
    this.#markedMs = nowMs
    return nowMs
  }

  /** A poll has ended. Returns `null` if the mark must be removed. */
  ended(nowMs: number, end: PollEnd): null | undefined {
    this.#open--
    if (end === 'unanswered') this.#orphanUntilMs = nowMs + this.#holdMs
    // A recent mark also serves the next poll. After a poll that was not sent the next poll may be far away.
    return end !== 'not sent' && this.#isRecent(nowMs) ? undefined : this.cleared(nowMs)
  }

  /** The worker will not poll soon. Returns `null` if the mark must be removed, however recent it is. */
  cleared(nowMs: number): null | undefined {
    if (this.#open > 0 || this.#markedMs === null || nowMs < this.#orphanUntilMs) return undefined
    this.#markedMs = null
    return null
  }

  #isRecent(nowMs: number): boolean {
    return this.#markedMs !== null && Math.abs(nowMs - this.#markedMs) < MARK_SLACK_MS
  }
}

/** Returns how much longer the orchestrator may hold the poll of a mark, in ms. Pure. */
export const heldForMs = (openedAtMs: number, nowMs: number, holdMs: number): number =>
  Math.max(0, Math.min(openedAtMs + MARK_SLACK_MS + holdMs - nowMs, holdMs))
