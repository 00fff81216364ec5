/** Bounds of the pauses between retries. */
export interface Backoff {
  /** Longest pause before the first retry, in ms. */
  readonly baseMs: number
  /** Longest pause before any retry, in ms. */
  readonly capMs: number
}

/**
 * The pauses after a refused token. They do not double: the orchestrator may accept the token at any time, for example
 * after it has loaded its configuration again.
 */
export const REFUSED_TOKEN: Backoff = { baseMs: 15_000, capMs: 15_000 }

/**
 * Exponential backoff with full jitter: a random pause from 0 to `base × 2^(failures - 1)`, in ms. The jitter keeps many
 * workers that lost the same orchestrator from retrying at the same time. Pure.
 *
 * @param failures - consecutive failures including the last one (1, 2, …)
 * @param dice - a random number from 0 to 1
 */
export const fullJitter = ({ baseMs, capMs }: Backoff, failures: number, dice: number): number =>
  Math.round(dice * Math.min(capMs, baseMs * 2 ** Math.min(failures - 1, 30)))
