import type { OrchestratorUnderTest } from './orchestrator-under-test.js'
import { rxonWireWorker } from './rxon-wire-worker.js'
import { type WireWorker, wireWorker } from './wire-worker.js'

/** A worker of raw requests, in the words of the orchestrator's generation: what both have of them. */
export const wireOf = (
  { generation, url, workerToken }: OrchestratorUnderTest,
  id: string,
  token = workerToken,
): WireWorker => (generation === 'rxon' ? rxonWireWorker : wireWorker)(url, token, id)
