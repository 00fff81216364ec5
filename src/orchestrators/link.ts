import type { Transport } from '../transport/http.js'
import type { Redactor } from '../utils/redactor.js'
import type { EstimatedClock } from './estimated-clock.js'
import type { Liveness } from './liveness.js'
import type { ProtocolDetector } from './protocol-detector.js'

/** The parts that all requests to one orchestrator share. */
export interface Link {
  readonly transport: Pick<Transport, 'send' | 'authorize'>
  readonly detector: ProtocolDetector
  readonly clock: EstimatedClock
  readonly liveness: Liveness
  /** Hides the secrets of the worker, and each token that an orchestrator issues. */
  readonly redactor: Redactor
}
