import type { Wake } from '../../utils/wake.js'

/** The models that are loaded, and the skills they make hot. */
export class HotCache {
  readonly #models = new Set<string>()
  readonly #dependencies: Readonly<Record<string, readonly string[]>>
  readonly #wake: Wake

  constructor(dependencies: Readonly<Record<string, readonly string[]>>, wake: Wake) {
    this.#dependencies = dependencies
    this.#wake = wake
  }

  get models(): readonly string[] {
    return [...this.#models]
  }

  get dependencies(): Readonly<Record<string, readonly string[]>> {
    return this.#dependencies
  }

  /** The skills whose models are all loaded. */
  get skills(): readonly string[] {
    return Object.keys(this.#dependencies).filter((skill) =>
      this.#dependencies[skill]?.every((model) => this.#models.has(model)),
    )
  }

  readonly add = (model: string): void => {
    if (this.#models.has(model)) return
    this.#models.add(model)
    this.#wake.trigger()
  }

  readonly remove = (model: string): void => {
    if (this.#models.delete(model)) this.#wake.trigger()
  }
}
