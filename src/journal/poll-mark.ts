/** A mark that is younger is good enough: a newer poll may be this much younger than it says, or be over. */
const MARK_SLACK_MS = 1_000

/** How a poll ended: one that was sent and not answered may be held all the same. */
export type PollEnd = 'answered' | 'unanswered' | 'not sent'

/**
 * When the last poll was opened that one orchestrator may still hold, as the journal knows it: to the second, so that
 * work that flows does not write a line for each poll. Pure but for what it remembers; times are in ms since 1970.
 */
export class PollMark {
  readonly #holdMs: number
  #open = 0
  #markedMs: number | null = null
  #orphanUntilMs = 0

  constructor(holdMs: number) {
    this.#holdMs = holdMs
  }

  /** A poll is about to be opened. Gives the mark to write, `undefined` when there is no need. */
  opened(nowMs: number): number | undefined {
    this.#open++
    if (this.#isYoung(nowMs)) return undefined
    this.#markedMs = nowMs
    return nowMs
  }

  /** A poll has ended. `null`: the mark is to be taken away. */
  ended(nowMs: number, end: PollEnd): null | undefined {
    this.#open--
    if (end === 'unanswered') this.#orphanUntilMs = nowMs + this.#holdMs
    // A mark that is young saves the next poll one of its own, unless there is no next poll yet.
    return end !== 'not sent' && this.#isYoung(nowMs) ? undefined : this.cleared(nowMs)
  }

  /** `null`: no poll is held any more, and the mark is to be taken away however young it is. */
  cleared(nowMs: number): null | undefined {
    if (this.#open > 0 || this.#markedMs === null || nowMs < this.#orphanUntilMs) return undefined
    this.#markedMs = null
    return null
  }

  #isYoung(nowMs: number): boolean {
    return this.#markedMs !== null && Math.abs(nowMs - this.#markedMs) < MARK_SLACK_MS
  }
}

/** How long after a mark the orchestrator may still hold that poll, in ms. Pure. */
export const heldForMs = (openedAtMs: number, nowMs: number, holdMs: number): number =>
  Math.max(0, Math.min(openedAtMs + MARK_SLACK_MS + holdMs - nowMs, holdMs))
