import type { OrchestratorSettings } from '../settings.js'
import { DEFAULT_TOKEN } from './variables.js'
import type { WorkerConfig } from './worker-config.js'

const aboutToken = (orchestrators: readonly OrchestratorSettings[]): string[] => {
  const urls = orchestrators.filter(({ token }) => token === DEFAULT_TOKEN).map(({ url }) => url)
  if (urls.length === 0) return []
  return [`The public default token is used for ${urls.join(', ')}: set WORKER_TOKEN`]
}

/** A key that protects only some of the orchestrators leaves the others open. */
const aboutMissingKeys = (
  { ORCHESTRATOR_SECRET_KEY }: WorkerConfig,
  orchestrators: readonly OrchestratorSettings[],
): string[] => {
  const open = orchestrators.filter(({ taskKey }) => taskKey === undefined).map(({ url }) => url)
  const hasKeys = ORCHESTRATOR_SECRET_KEY !== undefined || open.length < orchestrators.length
  if (open.length === 0 || !hasKeys) return []
  return [`Task signatures are not verified for ${open.join(', ')}: the entry has no secretKey`]
}

/** Names in upper case only, because a subclass may have members of its own. */
const aboutUnknownNames = (config: WorkerConfig): string[] => {
  const known = config.toJSON()
  return Object.keys(config)
    .filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name) && !Object.hasOwn(known, name))
    .map((name) => `WorkerConfig has no attribute ${name}: it is ignored`)
}

/** The warnings about values that work, but are probably a mistake. */
export const configWarnings = (
  config: WorkerConfig,
  orchestrators: readonly OrchestratorSettings[],
): readonly string[] => [
  ...config.orchestratorsSource.warnings,
  ...aboutToken(orchestrators),
  ...aboutMissingKeys(config, orchestrators),
  ...aboutUnknownNames(config),
]
