/** Lines that are written together, and the promise that they are. */
export class Group {
  readonly written: Promise<void>
  #resolve: () => void = () => {}
  #text = ''
  #isEmpty = true

  constructor() {
    this.written = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  get text(): string {
    return this.#text
  }

  /** Whether nobody waits for it. */
  get isEmpty(): boolean {
    return this.#isEmpty
  }

  add(line: string): void {
    this.#isEmpty = false
    this.#text += line
  }

  /** Its lines have been written elsewhere; those who wait still do. */
  clear(): void {
    this.#text = ''
  }

  done(): void {
    this.#resolve()
  }
}
