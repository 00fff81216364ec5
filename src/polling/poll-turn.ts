import { ResettableTimer } from '../utils/resettable-timer.js'
import { monotonicMs } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'
import { nextTurn } from './round-robin.js'

/** The polls of one orchestrator, which shares the slots with other orchestrators. */
export interface PollSeat {
  /** Its share of the turns. */
  readonly weight: number
  /** How many of its polls are open. */
  readonly open: number
  /** Whether it would open one more poll. */
  readonly wants: boolean
  /** How many of its open polls were opened at that time or earlier. */
  openedBy(monotonicMs: number): number
  /** Opens a poll. A slot has been reserved for it. */
  openOne(): void
}

const isWanting = ({ wants }: PollSeat): boolean => wants

/** A poll that is open for longer is held, in ms: its orchestrator has no task at present. */
const HELD_MS = 500

/**
 * Gives each free slot to the poll of an orchestrator. Turns go by weight among the orchestrators that want a slot.
 *
 * A held poll lends its slot to an orchestrator that has no open poll. Otherwise the last free slot would stay with an
 * orchestrator without work for as long as that orchestrator holds a poll. If both polls bring a task, one task waits in
 * the queue of the slots. When the slot is taken, heartbeats tell both orchestrators that the worker is busy.
 */
export class PollTurn {
  readonly #reserve: (lent: number) => boolean
  readonly #seats: PollSeat[] = []
  readonly #credits = new Map<PollSeat, number>()
  readonly #later = new ResettableTimer()

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

  /** Gives away every free slot that an orchestrator wants. */
  grant(): void {
    for (let seat = this.#next(); seat; seat = this.#next()) seat.openOne()
  }

  close(): void {
    this.#later.close()
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
    if (!this.#later.isSet) this.#later.set(HELD_MS, () => this.grant())
  }

  #count(of: (seat: PollSeat) => number): number {
    return this.#seats.reduce((sum, seat) => sum + of(seat), 0)
  }
}
