import { redact } from './secrets.js'
import type { WorkerConfigValues } from './values.js'
import { VARIABLE_NAMES, variable } from './variables.js'

const printableEntries = ({ ORCHESTRATORS }: WorkerConfigValues) =>
  ORCHESTRATORS?.map(({ url, token, secretKey, ...entry }) => ({
    url: redact(url, 'credentials'),
    ...entry,
    ...(token === undefined ? {} : { token: redact(token, 'all') }),
    ...(secretKey === undefined ? {} : { secretKey: redact(secretKey, 'all') }),
  }))

/** Returns every attribute of a configuration, with `***` instead of tokens and keys. */
export const printable = (config: WorkerConfigValues): Record<string, unknown> => ({
  ...Object.fromEntries(
    VARIABLE_NAMES.map((name) => [name, redact(config[name], variable(name).kind.hides)]),
  ),
  ORCHESTRATORS: printableEntries(config),
  HOSTNAME: config.HOSTNAME,
  IP_ADDRESS: config.IP_ADDRESS,
  RESOURCES: config.RESOURCES,
  EXTRA_CAPABILITIES: config.EXTRA_CAPABILITIES,
})
