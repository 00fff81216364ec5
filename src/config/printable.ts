import { redact, shownEntry } from './secrets.js'
import type { WorkerConfigValues } from './values.js'
import { VARIABLE_NAMES, variable } from './variables.js'

/** Returns every attribute of a configuration, with `***` instead of tokens and keys. */
export const printable = (config: WorkerConfigValues): Record<string, unknown> => ({
  ...Object.fromEntries(
    VARIABLE_NAMES.map((name) => [name, redact(config[name], variable(name).kind.hides)]),
  ),
  ORCHESTRATORS: config.ORCHESTRATORS?.map(shownEntry),
  HOSTNAME: config.HOSTNAME,
  IP_ADDRESS: config.IP_ADDRESS,
  RESOURCES: config.RESOURCES,
  EXTRA_CAPABILITIES: config.EXTRA_CAPABILITIES,
})
