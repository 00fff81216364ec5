import { ConfigError, type ConfigProblem } from '../errors.js'
import type { Settings } from '../settings.js'
import { type Kind, REFUSED } from './kind.js'
import { asShownText, redact } from './secrets.js'
import type { WorkerConfigValues } from './values.js'
import { defaultOf, type VARIABLES, type VariableName, variable } from './variables.js'

/** The settings that options of `new Worker(…)` override. */
type Overridable = keyof Pick<
  Settings,
  'workerType' | 'maxConcurrentTasks' | 'taskTypeLimits' | 'skillDependencies' | 'metadata' | 'trace'
>

/** The values that override the configuration. They are `unknown`, because nothing has checked them yet. */
export type Overrides = Readonly<Partial<Record<Overridable, unknown>>>

/** The type of a setting that comes from one variable. */
type Settled<Name extends VariableName> =
  (typeof VARIABLES)[Name]['kind'] extends Kind<infer Value, infer _> ? Value : never

/** Checks values one by one and collects the problems, because the error lists all of them. */
export class Checks {
  readonly #config: WorkerConfigValues
  readonly #overrides: Overrides
  readonly #problems: ConfigProblem[] = []

  constructor(config: WorkerConfigValues, overrides: Overrides) {
    this.#config = config
    this.#overrides = overrides
  }

  /** Checks a variable, or the constructor option that overrides it. A variable that is never asked for is not checked. */
  variable<Name extends VariableName>(name: Name): Settled<Name> {
    const { kind, setting, option } = variable(name)
    const given = option && this.#overrides[setting as Overridable]
    const [place, value] = given === undefined ? [name, this.#config[name]] : [setting as string, given]
    return this.settle(place, value, kind, kind.accept(defaultOf(name))) as Settled<Name>
  }

  /** Returns the setting for `value`, or `fallback` if the value is refused; {@link throwIfAny} throws then. */
  settle<Setting>(place: string, value: unknown, kind: Kind<Setting, unknown>, fallback: Setting): Setting {
    const settled = kind.accept(value)
    if (settled !== REFUSED) return settled
    this.refuse(place, value, kind)
    return fallback
  }

  /** Adds the problem that the value of `place` is not what was expected. */
  refuse(
    place: string,
    value: unknown,
    { expected, hides }: Pick<Kind<unknown>, 'expected' | 'hides'>,
  ): void {
    // An empty or missing secret reveals nothing, and "***" would hide the problem.
    const isBlank = value === undefined || value === ''
    this.#problems.push({ name: place, value: asShownText(isBlank ? value : redact(value, hides)), expected })
  }

  /** @throws ConfigError if a value was refused */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems)
  }
}
