import type { Wake } from '../../utils/wake.js'

const NONE: readonly string[] = []

/** The models that are loaded, and the skills they make hot. */
export class HotCache {
  readonly #models = new Set<string>()
  readonly #dependencies: Readonly<Record<string, readonly string[]>>
  /** Whether no skill has dependencies. */
  readonly #isIndependent: boolean
  #hadSkills = false
  readonly #wake: Wake

  constructor(dependencies: Readonly<Record<string, readonly string[]>>, wake: Wake) {
    this.#dependencies = dependencies
    this.#isIndependent = Object.keys(dependencies).length === 0
    this.#wake = wake
  }

  /** Whether {@link skillsAmong} has ever found a hot skill. */
  get hadSkills(): boolean {
    return this.#hadSkills
  }

  get models(): readonly string[] {
    return [...this.#models]
  }

  get dependencies(): Readonly<Record<string, readonly string[]>> {
    return this.#dependencies
  }

  /**
   * Returns the hot skills among `names`. A skill with dependencies is hot if all its models are loaded. Any other skill is hot
   * if its own name is in the cache.
   */
  skillsAmong(names: readonly string[]): readonly string[] {
    if (this.#models.size === 0 && this.#isIndependent) return NONE
    const hot = names.filter((name) => {
      const models = Object.hasOwn(this.#dependencies, name) ? this.#dependencies[name] : undefined
      return models ? models.every((model) => this.#models.has(model)) : this.#models.has(name)
    })
    if (hot.length > 0) this.#hadSkills = true
    return hot
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
