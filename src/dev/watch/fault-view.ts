import type { FaultName, OrchestratorFaults } from '../faults/fault.js'

/** A fault that goes on. */
export interface FaultView {
  readonly name: FaultName
  readonly hits: number
  readonly forMs?: number | undefined
  readonly times?: number | undefined
}

export const faultViews = ({ active }: OrchestratorFaults): FaultView[] =>
  active.map(({ name, hits, options: { forMs, times } }) => ({ name, hits, forMs, times }))
