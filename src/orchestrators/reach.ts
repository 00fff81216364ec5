import type { Logger } from '../utils/logger.js'
import type { Fact, RequestKind } from './health.js'
import { Orchestrator } from './orchestrator.js'
import type { Target } from './target.js'

export { pollDeadlineMs, type Target, tlsFor } from './target.js'

export const reach = (
  target: Target,
  onFact: (kind: RequestKind, fact: Fact) => void,
  log?: Logger,
): Orchestrator => new Orchestrator(target, { recordFact: onFact }, log)
