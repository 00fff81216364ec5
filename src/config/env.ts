import { OPTIONS, VARIABLE_NAMES } from './options.js'
import type { VariableName, WorkerConfigValues } from './values.js'

/** What the variables say. One that cannot be read is there as its text, so that the checks can quote it. */
export type VariableValues = Pick<WorkerConfigValues, VariableName>

/** Blank counts as unset: that is what `NAME=` in a compose file or a shell means. */
const textOf = (name: VariableName): string | undefined => process.env[name]?.trim() || undefined

const readVariable = (name: VariableName): unknown => {
  const text = textOf(name)
  return text === undefined ? OPTIONS[name].initial() : OPTIONS[name].kind.read(text)
}

/** Reads every variable; the only place that looks at the environment. */
export const readVariables = (): VariableValues =>
  Object.fromEntries(VARIABLE_NAMES.map((name) => [name, readVariable(name)])) as unknown as VariableValues
