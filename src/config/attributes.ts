import type { Checks } from './checks.js'
import type { Kind } from './kind.js'
import { OPTIONS } from './options.js'
import type { VariableName } from './values.js'
import type { WorkerConfig } from './worker-config.js'

/** What the attribute of a variable is settled as. */
type Settled<Name extends VariableName> =
  (typeof OPTIONS)[Name]['kind'] extends Kind<infer Value> ? Value : never

/** Gives the checked value of one attribute, or of the constructor option that wins over it. */
export type SettleAttribute = <Name extends VariableName>(
  name: Name,
  option?: { readonly name: string; readonly value: unknown },
) => Settled<Name>

/** Checks attributes one by one, as they are asked for: what nobody asks for is not checked. */
export const attributesOf =
  (config: WorkerConfig, checks: Checks): SettleAttribute =>
  <Name extends VariableName>(name: Name, option?: { readonly name: string; readonly value: unknown }) => {
    const kind = OPTIONS[name].kind as Kind<Settled<Name>>
    const initial = kind.accept(OPTIONS[name].initial()) as Settled<Name>
    return option?.value === undefined
      ? checks.settle(name, config[name], kind, initial)
      : checks.settle(option.name, option.value, kind, initial)
  }
