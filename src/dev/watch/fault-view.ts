import type { FaultName, OrchestratorFaults } from '../faults/fault.js'

/** A fault that goes on. */
export interface FaultView {
  readonly name: FaultName
  readonly hits: number
  readonly forMs?: number | undefined
  /** When the fault will end by itself, in ms from now. */
  readonly leftMs?: number | undefined
  readonly times?: number | undefined
}

export const faultViews = ({ active }: OrchestratorFaults): FaultView[] =>
  active.map(({ name, hits, leftMs, options: { forMs, times } }) => ({ name, hits, forMs, leftMs, times }))
