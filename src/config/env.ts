import { isAbsolute, join } from 'node:path'
import type { JsonValue } from '../utils/json.js'
import { homeDirectory } from './machine.js'
import type { ProxyVariables } from './proxy.js'
import type { WorkerConfigValues } from './values.js'
import { defaultOf, VARIABLE_NAMES, type VariableName, variable } from './variables.js'

/** Blank means "not set", because that is the meaning of `NAME=` in a compose file or a shell. */
const textOf = (name: VariableName): string | undefined => process.env[name]?.trim() || undefined

/** Returns whether the environment sets this variable. */
export const isSet = (name: VariableName): boolean => textOf(name) !== undefined

const readVariable = (name: VariableName): unknown => {
  const text = textOf(name)
  return text === undefined ? defaultOf(name) : variable(name).kind.read(text)
}

/** Reads every variable. A text that cannot be read is the value itself, because the problem quotes it. */
export const readVariables = () =>
  Object.fromEntries(VARIABLE_NAMES.map((name) => [name, readVariable(name)])) as unknown as Pick<
    WorkerConfigValues,
    VariableName
  >

/** Reads the variables `WORKER_EXTRA_<NAME>`, by name. Text that is not JSON, although it looks like it, stays text. */
export const readExtras = (): Record<string, JsonValue> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([variable, text]) => {
      const name = /^WORKER_EXTRA_(.+)$/.exec(variable)?.[1]?.toLowerCase()
      const value = text?.trim()
      return name && value ? [[name, readExtra(value)]] : []
    }),
  )

const readExtra = (text: string): JsonValue => {
  if (!/^[[{]/.test(text)) return text
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return text
  }
}

/** Returns whether this process runs in a Kubernetes pod. */
export const isInPod = (): boolean => process.env['KUBERNETES_SERVICE_HOST'] !== undefined

/** Reads the proxy variables. As in other programs, the name in lower case wins, and an empty one turns the other one off. */
export const readProxies = (): ProxyVariables => {
  const read = (name: string) => (process.env[name.toLowerCase()] ?? process.env[name])?.trim() || undefined
  return { HTTP_PROXY: read('HTTP_PROXY'), HTTPS_PROXY: read('HTTPS_PROXY'), NO_PROXY: read('NO_PROXY') }
}

/**
 * Returns the directory for the state of the programs of this user, as the XDG specification says: a relative
 * `XDG_STATE_HOME` counts as not set. `undefined` if the user has no home directory.
 */
export const stateHome = (): string | undefined => {
  const configured = process.env['XDG_STATE_HOME']?.trim()
  if (configured && isAbsolute(configured)) return configured
  const home = homeDirectory()
  return home === undefined ? undefined : join(home, '.local', 'state')
}
