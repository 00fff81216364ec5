import { WorkerConfig } from 'avtomatika-worker'
import { onTestFinished, vi } from 'vitest'
import { resolveSettings } from '../../src/config/resolve.js'
import type { Fact, RequestKind } from '../../src/orchestrators/health.js'
import { Orchestrator } from '../../src/orchestrators/orchestrator.js'
import { linesOf } from './log-lines.js'
import { SECRET } from './test-worker.js'

/** The worker's side of one orchestrator without the rest of the worker. It is closed when the test ends. */
export const orchestratorAt = (url: string, variables: Record<string, unknown> = {}) => {
  const config = new WorkerConfig({
    WORKER_ID: 'w1',
    ORCHESTRATOR_URL: url,
    ORCHESTRATOR_PROTOCOL: 'rxon',
    WORKER_TOKEN: SECRET,
    ...variables,
  })
  const { settings } = resolveSettings(config)
  const [target] = settings.orchestrators
  if (!target) throw new Error('no orchestrator is configured')
  const facts: [RequestKind, Fact][] = []
  const { logger, lines } = linesOf()
  const observer = { recordFact: (kind: RequestKind, fact: Fact) => void facts.push([kind, fact]) }
  const orchestrator = new Orchestrator({ settings, target, tls: undefined }, observer, logger)
  onTestFinished(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
    return orchestrator.close()
  })
  return { orchestrator, facts, lines }
}
