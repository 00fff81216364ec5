import { isAbsolute, join } from 'node:path'
import type { JsonValue } from '../utils/json.js'
import { homeDirectory } from './machine.js'
import { OPTIONS, VARIABLE_NAMES } from './options.js'
import type { VariableName, WorkerConfigValues } from './values.js'

/** What the variables say. One that cannot be read is there as its text, so that the checks can quote it. */
export type VariableValues = Pick<WorkerConfigValues, VariableName>

/** Blank counts as unset: that is what `NAME=` in a compose file or a shell means. */
const textOf = (name: VariableName): string | undefined => process.env[name]?.trim() || undefined

/** Whether the environment says anything about this variable. */
export const isSet = (name: VariableName): boolean => textOf(name) !== undefined

/**
 * Where programs of this user keep what must outlive them, by the rules of XDG: a relative path counts as not set.
 * `undefined` where there is no home.
 */
export const stateHome = (): string | undefined => {
  const configured = process.env['XDG_STATE_HOME']?.trim()
  if (configured && isAbsolute(configured)) return configured
  const home = homeDirectory()
  return home === undefined ? undefined : join(home, '.local', 'state')
}

const readVariable = (name: VariableName): unknown => {
  const text = textOf(name)
  return text === undefined ? OPTIONS[name].initial() : OPTIONS[name].kind.read(text)
}

const EXTRA = /^WORKER_EXTRA_(.+)$/

/** The `WORKER_EXTRA_<NAME>` by name. One that looks like JSON and is none is kept as text. */
export const readExtras = (): Record<string, JsonValue> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([variable, text]) => {
      const name = EXTRA.exec(variable)?.[1]?.toLowerCase()
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

/** Reads every variable; the only place that looks at the environment. */
export const readVariables = (): VariableValues =>
  Object.fromEntries(VARIABLE_NAMES.map((name) => [name, readVariable(name)])) as unknown as VariableValues
