import type { OrchestratorSettings } from '../settings.js'
import { DEFAULT_TOKEN } from './options.js'
import { ATTRIBUTE_NAMES } from './printable.js'
import type { WorkerConfig } from './worker-config.js'

const aboutToken = (orchestrators: readonly OrchestratorSettings[]): string[] => {
  const urls = orchestrators.filter(({ token }) => token === DEFAULT_TOKEN).map(({ url }) => url)
  if (urls.length === 0) return []
  return [`the default token, which everybody knows, is used for ${urls.join(', ')}: set WORKER_TOKEN`]
}

/** Upper case only: a subclass may have members of its own. */
const aboutUnknownNames = (config: WorkerConfig): string[] =>
  Object.keys(config)
    .filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name) && !ATTRIBUTE_NAMES.some((known) => known === name))
    .map((name) => `WorkerConfig has no attribute ${name}: it is ignored`)

/** What works and is probably not meant. */
export const configWarnings = (
  config: WorkerConfig,
  orchestrators: readonly OrchestratorSettings[],
): readonly string[] => [
  ...config.orchestratorsSource.warnings,
  ...aboutToken(orchestrators),
  ...aboutUnknownNames(config),
]
