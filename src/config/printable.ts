import { OPTIONS, VARIABLE_NAMES } from './options.js'
import { redact } from './secrets.js'
import type { VariableName, WorkerConfigValues } from './values.js'

/** Every attribute of a configuration: the variables, and what has none. */
export const ATTRIBUTE_NAMES: readonly (keyof WorkerConfigValues)[] = [
  ...VARIABLE_NAMES,
  'ORCHESTRATORS',
  'HOSTNAME',
  'IP_ADDRESS',
  'RESOURCES',
  'EXTRA_CAPABILITIES',
]

const hidesOf = (name: VariableName) => OPTIONS[name].kind.hides

const printableEntries = ({ ORCHESTRATORS }: WorkerConfigValues) =>
  ORCHESTRATORS?.map(({ url, token, secretKey, ...entry }) => ({
    url: redact(url, 'credentials'),
    ...entry,
    ...(token === undefined ? {} : { token: redact(token, 'all') }),
    ...(secretKey === undefined ? {} : { secretKey: redact(secretKey, 'all') }),
  }))

const printableVariables = (config: WorkerConfigValues) =>
  Object.fromEntries(VARIABLE_NAMES.map((name) => [name, redact(config[name], hidesOf(name))]))

/** What may be seen of a configuration: everything but tokens and keys. */
export const printable = (config: WorkerConfigValues): Record<string, unknown> => ({
  ...printableVariables(config),
  ORCHESTRATORS: printableEntries(config),
  HOSTNAME: config.HOSTNAME,
  IP_ADDRESS: config.IP_ADDRESS,
  RESOURCES: config.RESOURCES,
  EXTRA_CAPABILITIES: config.EXTRA_CAPABILITIES,
})
