import { ConfigError, type ConfigProblem } from '../errors.js'
import { type Kind, REFUSED } from './kind.js'
import { asShownText, redact } from './secrets.js'

/** Gathers what is wrong, so that all of it can be told at once. */
export class Checks {
  readonly #problems: ConfigProblem[] = []

  /** Notes that `value`, found at `name`, is not what was expected. */
  refuse(name: string, value: unknown, { expected, hides }: Pick<Kind<unknown>, 'expected' | 'hides'>): void {
    // An empty or missing secret tells nothing, and "***" would hide what is wrong with it.
    const isBlank = value === undefined || value === ''
    this.#problems.push({ name, value: asShownText(isBlank ? value : redact(value, hides)), expected })
  }

  /** The value as the worker uses it; `fallback` stands in for a refused one until {@link throwIfAny}. */
  settle<Settled>(name: string, value: unknown, kind: Kind<Settled>, fallback: Settled): Settled {
    const settled = kind.accept(value)
    if (settled !== REFUSED) return settled
    this.refuse(name, value, kind)
    return fallback
  }

  /** @throws ConfigError when anything was refused */
  throwIfAny(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.#problems)
  }
}
