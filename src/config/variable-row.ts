import type { Kind } from './kind.js'

/** What the table says about one variable, besides its name and its meaning. */
export interface VariableRow {
  readonly kind: Kind<unknown, unknown>
  /** The value of the attribute if the variable is not set. */
  readonly default?: unknown
  /** The default in words, if it is not the same on each machine. */
  readonly defaultText?: string
  /** The member of `Settings` that holds the checked value. Without it, resolve.ts makes a setting of several variables. */
  readonly setting?: string
  /** Whether the option of `new Worker(…)` with the name of the setting overrides the variable. */
  readonly option?: true
  /** The variable that must be set if this one is. */
  readonly requires?: string
}
