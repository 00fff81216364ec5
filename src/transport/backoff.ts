/** How long to wait before trying again. Pure: the caller brings the dice. */
export interface Backoff {
  /** The most that the first retry waits, in ms. */
  readonly baseMs: number
  /** The most that any retry waits, in ms. */
  readonly capMs: number
}

/**
 * Exponential backoff with full jitter: anything from 0 to `base × 2^failures`, so that many workers
 * that lost the same orchestrator do not come back as one.
 *
 * @param failures - how many times in a row it failed, the last one included (1, 2, …)
 * @param dice - a number from 0 to 1
 */
export const fullJitter = ({ baseMs, capMs }: Backoff, failures: number, dice: number): number =>
  Math.round(dice * Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30)))
