/** How many tasks may run at once. */
export interface Limits {
  readonly global: number
  /** By task type. */
  readonly byType: Readonly<Record<string, number>>
}

interface Waiting<T> {
  readonly task: T
  readonly type: string | undefined
}

/**
 * The right to run tasks. A slot is reserved by a poll before it is known what the poll brings, and held by a running
 * task. A task whose type is full, or whose poll had lent its slot away, waits in a line; a task that ends there leaves
 * its slot to the first in the line that may run. So neither limit is ever passed.
 */
export class Slots<T> {
  readonly #limits: Limits
  #running = 0
  #polls = 0
  readonly #runningByType = new Map<string, number>()
  readonly #line: Waiting<T>[] = []

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#line.length
  }

  /** Whether one more task could run, polls left aside. */
  get hasFree(): boolean {
    return this.#running < this.#limits.global && this.waiting < this.#limits.global
  }

  /** Whether a task of this type could run at once. */
  hasFreeFor(type: string | undefined): boolean {
    return this.hasFree && !this.#isFull(type)
  }

  /**
   * Reserves a slot for what a poll may bring; a poll may bring a task that has to wait, so the line counts too.
   *
   * @param lent - how many of the open polls are not expected to bring anything and lend their slots
   */
  reserve(lent = 0): boolean {
    const { global } = this.#limits
    const expected = this.#polls - lent
    if (!this.hasFree || this.#running + expected >= global || this.waiting + expected >= global) return false
    this.#polls++
    return true
  }

  /** The poll brought nothing. */
  unreserve(): void {
    this.#polls--
  }

  /** The poll brought `task`. True: it holds a slot and runs now. False: it stands in the line. */
  admit(task: T, type: string | undefined): boolean {
    this.#polls--
    if (this.#running >= this.#limits.global || this.#isFull(type)) {
      this.#line.push({ task, type })
      return false
    }
    this.#count(type, 1)
    return true
  }

  /** A running task has ended. Returns the task that takes over its slot, if one may. */
  release(type: string | undefined): T | undefined {
    this.#count(type, -1)
    const place = this.#line.findIndex((waiting) => !this.#isFull(waiting.type))
    const [next] = place < 0 ? [] : this.#line.splice(place, 1)
    if (!next) return undefined
    this.#count(next.type, 1)
    return next.task
  }

  /** Takes a task out of the line; false when it is not there. */
  withdraw(task: T): boolean {
    const place = this.#line.findIndex((waiting) => waiting.task === task)
    if (place < 0) return false
    this.#line.splice(place, 1)
    return true
  }

  /** Empties the line. */
  takeWaiting(): T[] {
    return this.#line.splice(0).map(({ task }) => task)
  }

  #isFull(type: string | undefined): boolean {
    const limit = type === undefined ? undefined : this.#limits.byType[type]
    return limit !== undefined && (this.#runningByType.get(type as string) ?? 0) >= limit
  }

  #count(type: string | undefined, change: 1 | -1): void {
    this.#running += change
    if (type !== undefined) this.#runningByType.set(type, (this.#runningByType.get(type) ?? 0) + change)
  }
}
