import { StateError } from '../errors.js'

/** For each state, the states that may follow it. */
export type Moves<S extends string> = Readonly<Record<S, readonly S[]>>

/** The current state of an object, and a table of the moves that are allowed. */
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

  /** @throws StateError if the table does not allow the move */
  move(to: S): void {
    const from = this.#now
    if (!this.#moves[from].includes(to)) {
      throw new StateError(`${this.#owner} is ${from} and cannot become ${to}`)
    }
    this.#now = to
    this.#moved(from, to)
  }
}
