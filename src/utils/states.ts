import { StateError } from '../errors.js'

/** Which states each state may be left for. */
export type Moves<S extends string> = Readonly<Record<S, readonly S[]>>

/** One state out of a fixed set, and the moves that are allowed between them. */
export class States<S extends string> {
  #now: S
  readonly #owner: string
  readonly #moves: Moves<S>
  readonly #moved: (from: S, to: S) => void

  constructor(owner: string, initial: S, moves: Moves<S>, moved: (from: S, to: S) => void = () => {}) {
    this.#owner = owner
    this.#now = initial
    this.#moves = moves
    this.#moved = moved
  }

  get now(): S {
    return this.#now
  }

  /** @throws StateError when the table has no such move */
  move(to: S): void {
    const from = this.#now
    if (!this.#moves[from].includes(to)) {
      throw new StateError(`${this.#owner} is ${from} and cannot become ${to}`)
    }
    this.#now = to
    this.#moved(from, to)
  }
}
