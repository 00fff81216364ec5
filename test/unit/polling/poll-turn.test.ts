import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PollTurn, type Sharing } from '../../../src/polling/poll-turn.js'
import { Wake } from '../../../src/utils/wake.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A seat whose orchestrator does as the test says. */
class Seat {
  readonly weight = 1
  readonly rank: number
  open = 0
  goal = 1
  hasNothing = false
  /** Polls that have been held for a moment. */
  held = 0

  constructor(rank: number) {
    this.rank = rank
  }

  get wants(): boolean {
    return this.open < this.goal
  }

  get isEmpty(): boolean {
    return this.open === 0
  }

  openedBy(): number {
    return this.held
  }

  openOne(): void {
    this.open++
  }
}

const table = (slots: number, ranks: readonly number[], sharing: Sharing = 'by-rank') => {
  let taken = 0
  const turn = new PollTurn(
    (lent) => {
      if (taken - lent >= slots) return false
      taken++
      return true
    },
    new Wake(),
    sharing,
  )
  const seats = ranks.map((rank) => new Seat(rank))
  for (const seat of seats) turn.join(seat)
  return { turn, seats: seats as [Seat, Seat, Seat], opened: () => seats.map(({ open }) => open) }
}

test('by rank: nobody has a turn while one of a lower rank has tasks', () => {
  const { turn, seats, opened } = table(10, [0, 1, 2])
  seats[0].goal = 3
  turn.grant()
  expect(opened()).toEqual([3, 0, 0])
  seats[0].hasNothing = true
  turn.grant()
  expect(opened()).toEqual([3, 1, 0])
  seats[1].hasNothing = true
  turn.grant()
  expect(opened()).toEqual([3, 1, 1])
  turn.close()
})

test('by rank: one that has tasks again takes the next free slots, and those after it wait', () => {
  const { turn, seats, opened } = table(10, [0, 1])
  seats[0].hasNothing = true
  seats[1].goal = 2
  turn.grant()
  expect(opened()).toEqual([1, 2])
  seats[0].hasNothing = false
  seats[1].open = 0
  seats[0].goal = 4
  turn.grant()
  expect(opened()).toEqual([4, 0])
  turn.close()
})

test('by rank: a poll that is held for a moment gives the next one its turn, without any other event', () => {
  const { turn, seats, opened } = table(10, [0, 1])
  turn.grant()
  expect(opened()).toEqual([1, 0])
  seats[0].hasNothing = true
  vi.advanceTimersByTime(500)
  expect(opened()).toEqual([1, 1])
  expect(vi.getTimerCount()).toBe(0)
})

test('by rank: the only slot is lent by a held poll', () => {
  const { turn, seats, opened } = table(1, [0, 1])
  turn.grant()
  seats[0].hasNothing = true
  seats[0].held = 1
  turn.grant()
  expect(opened()).toEqual([1, 1])
  turn.close()
})

test('by rank: seats of one rank share by weight', () => {
  const { turn, seats, opened } = table(4, [0, 0, 1])
  for (const seat of seats) seat.goal = 5
  turn.grant()
  expect(opened()).toEqual([2, 2, 0])
  turn.close()
})

test('by rank: one that has no turn is no case for the watchdog', () => {
  const { turn, seats } = table(10, [0, 1])
  expect(seats.map((seat) => turn.isHeldBack(seat))).toEqual([false, true])
  seats[0].hasNothing = true
  expect(seats.map((seat) => turn.isHeldBack(seat))).toEqual([false, false])
  expect(table(10, [0, 1], 'by-weight').turn.isHeldBack({ rank: 1 })).toBe(false)
})

test('by weight, the rank means nothing', () => {
  const { turn, opened } = table(10, [0, 1, 2], 'by-weight')
  turn.grant()
  expect(opened()).toEqual([1, 1, 1])
  turn.close()
})
