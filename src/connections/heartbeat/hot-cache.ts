/** The models in memory, and what they make possible. */
export class HotCache {
  readonly #models = new Set<string>()
  readonly #dependencies: Readonly<Record<string, readonly string[]>>
  readonly #changed: () => void

  constructor(dependencies: Readonly<Record<string, readonly string[]>>, changed: () => void) {
    this.#dependencies = dependencies
    this.#changed = changed
  }

  get models(): readonly string[] {
    return [...this.#models]
  }

  get dependencies(): Readonly<Record<string, readonly string[]>> {
    return this.#dependencies
  }

  /** The skills all of whose models are loaded. */
  get skills(): readonly string[] {
    return Object.keys(this.#dependencies).filter((skill) =>
      this.#dependencies[skill]?.every((model) => this.#models.has(model)),
    )
  }

  readonly add = (model: string): void => {
    if (this.#models.has(model)) return
    this.#models.add(model)
    this.#changed()
  }

  readonly remove = (model: string): void => {
    if (this.#models.delete(model)) this.#changed()
  }
}
