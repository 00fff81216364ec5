import { Histogram } from '../utils/histogram.js'

/**
 * The end of the delivery of a result.
 *
 * - `delivered`: the orchestrator accepted the result.
 * - `ignored`: the orchestrator received the result and did not use it.
 * - `replaced`: the orchestrator could not read the result, and accepted a short failure instead.
 * - `refused`: the orchestrator refused the result permanently.
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
