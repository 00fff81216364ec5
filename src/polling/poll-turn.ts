import { ResettableTimer } from '../utils/resettable-timer.js'
import { monotonicMs } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'
import { nextTurn } from './round-robin.js'

/** The polls of one orchestrator, which shares the slots with other orchestrators. */
export interface PollSeat {
  /** Its share of the turns. */
  readonly weight: number
  /** Its place in the order of preference, from 0. */
  readonly rank: number
  /** How many of its polls are open. */
  readonly open: number
  /** Whether it has no open poll, or only such as may never be answered. */
  readonly isEmpty: boolean
  /** Whether it would open one more poll. */
  readonly wants: boolean
  /** Whether its orchestrator has had no task for a moment, or gives none at present. */
  readonly hasNothing: boolean
  /** How many of its open polls were opened at that time or earlier. */
  openedBy(monotonicMs: number): number
  /** Opens a poll. A slot has been reserved for it. */
  openOne(): void
}

const NOBODY: readonly PollSeat[] = []

const isWanting = ({ wants }: PollSeat): boolean => wants

/** A poll that is open for longer is held, in ms: its orchestrator has no task at present. */
export const HELD_MS = 500

/** How the orchestrators share the slots: by weight, or the one of the lowest rank that has tasks takes all. */
export type Sharing = 'by-weight' | 'by-rank'

/**
 * Gives each free slot to the poll of an orchestrator. Turns go by weight among the orchestrators that want a slot.
 *
 * By rank, an orchestrator has no turn while one of a lower rank has tasks. Its open polls end by themselves.
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
  readonly #sharing: Sharing

  /**
   * @param reserve - see {@link Slots.reserve}
   * @param wake - at each trigger a slot may be free
   */
  constructor(reserve: (lent: number) => boolean, wake: Wake, sharing: Sharing = 'by-weight') {
    this.#reserve = reserve
    this.#sharing = sharing
    wake.listen(() => this.grant())
  }

  join(seat: PollSeat): void {
    this.#seats.push(seat)
    this.#credits.set(seat, 0)
  }

  /** Whether a seat has no turn because an orchestrator of a lower rank has tasks. */
  isHeldBack({ rank }: Pick<PollSeat, 'rank'>): boolean {
    return this.#sharing === 'by-rank' && this.#seats.some((seat) => seat.rank < rank && !seat.hasNothing)
  }

  /** Gives away every free slot that an orchestrator wants. */
  grant(): void {
    for (let seat = this.#next(); seat; seat = this.#next()) seat.openOne()
  }

  close(): void {
    this.#later.close()
  }

  #next(): PollSeat | undefined {
    const wanting = this.#sharing === 'by-rank' ? this.#wantingByRank() : this.#seats.filter(isWanting)
    if (wanting.length === 0) return undefined
    if (this.#reserve(0)) return this.#pick(wanting)
    const empty = wanting.filter(({ isEmpty }) => isEmpty)
    return empty.length > 0 && this.#borrow() ? this.#pick(empty) : undefined
  }

  #borrow(): boolean {
    const held = this.#count((seat) => seat.openedBy(monotonicMs() - HELD_MS))
    if (held > 0 && this.#reserve(held)) return true
    if (this.#count(({ open }) => open) > held) this.#againLater()
    return false
  }

  /** The seats of the best rank that wants a slot, unless a better one has tasks. */
  #wantingByRank(): readonly PollSeat[] {
    let best: PollSeat[] = []
    for (const seat of this.#seats) {
      if (!seat.wants || seat.rank > (best[0]?.rank ?? Number.POSITIVE_INFINITY)) continue
      if (seat.rank !== best[0]?.rank) best = []
      best.push(seat)
    }
    const [first] = best
    if (!first || !this.isHeldBack(first)) return best
    // A poll that is held for a moment shows that its orchestrator has no task.
    if (this.#seats.some(({ rank, open }) => rank < first.rank && open > 0)) this.#againLater()
    return NOBODY
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
