/** Lines that are written together, and what is to be done then. */
export class Group {
  #text = ''
  readonly #then: (() => void)[] = []

  get text(): string {
    return this.#text
  }

  /** Whether nobody waits for it. */
  get isEmpty(): boolean {
    return this.#then.length === 0
  }

  /** @param then - see {@link Group.done} */
  add(line: string, then: () => void): void {
    this.#text += line
    this.#then.push(then)
  }

  /** Its lines have been written elsewhere; those who wait still do. */
  clear(): void {
    this.#text = ''
  }

  /** They are written, or cannot be. */
  done(): void {
    for (const then of this.#then) then()
  }
}
