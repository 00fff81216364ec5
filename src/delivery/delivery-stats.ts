import { Histogram } from '../utils/histogram.js'

/**
 * What became of a result.
 *
 * - `delivered`: the orchestrator took it.
 * - `ignored`: the orchestrator took it and had no use for it.
 * - `replaced`: the orchestrator could not read it, and took a short failure in its place.
 * - `refused`: the orchestrator will never take it.
 */
export type ResultOutcome = 'delivered' | 'ignored' | 'replaced' | 'refused'
export const RESULT_OUTCOMES: readonly ResultOutcome[] = ['delivered', 'ignored', 'replaced', 'refused']

/** The upper limits of the ranges, in seconds. */
const BOUNDS_S = [0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600, 3_600]

/** Counts the results that were delivered, and how long that took. */
export class DeliveryStats {
  readonly total: Record<ResultOutcome, number> = { delivered: 0, ignored: 0, replaced: 0, refused: 0 }
  /** From the outcome of a task until the orchestrator has answered, in seconds. */
  readonly durations = new Histogram(BOUNDS_S)

  ended(kind: 'taken' | 'ignored' | 'replaced' | 'refused', ms: number): void {
    this.total[kind === 'taken' ? 'delivered' : kind]++
    this.durations.observe(ms / 1_000)
  }
}
