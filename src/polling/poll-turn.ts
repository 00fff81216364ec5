import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'
import { nextTurn } from './round-robin.js'

/** The polls of one orchestrator, as those see them who share the slots with it. */
export interface PollSeat {
  /** Its share of the turns. */
  readonly weight: number
  /** How many of its polls are open. */
  readonly open: number
  /** Whether it would open one more. */
  readonly wants: boolean
  /** How many of its open polls were opened by then. */
  openedBy(monotonicMs: number): number
  /** Opens one, for which a slot has been reserved. */
  openOne(): void
}

const isWanting = ({ wants }: PollSeat): boolean => wants

/** A poll that is open for longer is held: its orchestrator has nothing to give at present. */
const HELD_MS = 500

/**
 * Whose poll gets the next free slot: turns go by weight among the orchestrators that want one.
 *
 * A poll that is held lends its slot: who has no poll open at all may open one with it. Otherwise the last free slot
 * would hang on an orchestrator without work for as long as that one holds a poll. Should both bring a task after all,
 * one of them waits in the line; as soon as the slot is taken, both orchestrators hear that the worker is busy.
 */
export class PollTurn {
  readonly #reserve: (lent: number) => boolean
  readonly #seats: PollSeat[] = []
  readonly #credits = new Map<PollSeat, number>()
  #later: Timer | undefined

  /**
   * @param reserve - see {@link Slots.reserve}
   * @param wake - at each trigger a slot may be free
   */
  constructor(reserve: (lent: number) => boolean, wake: Wake) {
    this.#reserve = reserve
    wake.listen(() => this.grant())
  }

  join(seat: PollSeat): void {
    this.#seats.push(seat)
    this.#credits.set(seat, 0)
  }

  /** Gives away every slot that somebody wants. */
  grant(): void {
    for (let seat = this.#next(); seat; seat = this.#next()) seat.openOne()
  }

  close(): void {
    this.#later?.cancel()
  }

  #next(): PollSeat | undefined {
    const wanting = this.#seats.filter(isWanting)
    if (wanting.length === 0) return undefined
    if (this.#reserve(0)) return this.#pick(wanting)
    const empty = wanting.filter(({ open }) => open === 0)
    return empty.length > 0 && this.#borrow() ? this.#pick(empty) : undefined
  }

  #borrow(): boolean {
    const held = this.#count((seat) => seat.openedBy(monotonicMs() - HELD_MS))
    if (held > 0 && this.#reserve(held)) return true
    if (this.#count(({ open }) => open) > held) this.#againLater()
    return false
  }

  #pick(wanting: readonly PollSeat[]): PollSeat | undefined {
    if (wanting.length === 1) return wanting[0]
    const shares = wanting.map((seat) => ({ weight: seat.weight, credit: this.#credits.get(seat) ?? 0 }))
    const { place, credits } = nextTurn(shares)
    for (const [index, seat] of wanting.entries()) this.#credits.set(seat, credits[index] ?? 0)
    return wanting[place]
  }

  #againLater(): void {
    this.#later ??= after(HELD_MS, () => {
      this.#later = undefined
      this.grant()
    })
  }

  #count(of: (seat: PollSeat) => number): number {
    return this.#seats.reduce((sum, seat) => sum + of(seat), 0)
  }
}
