/** How many tasks may run at once. */
export interface Limits {
  readonly global: number
  /** By task type. */
  readonly byType: Readonly<Record<string, number>>
}

/**
 * The right to run tasks. A slot is reserved by a poll before it is known what the poll brings, and held by a running
 * task. A task whose type is full waits in a line of its type and takes over the slot of the next one that ends there,
 * so neither limit is ever passed.
 */
export class Slots<T> {
  readonly #limits: Limits
  #running = 0
  #reserved = 0
  #waiting = 0
  readonly #runningByType = new Map<string, number>()
  readonly #lines = new Map<string, T[]>()

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Whether one more task could run, polls left aside. */
  get hasFree(): boolean {
    return this.#running < this.#limits.global && this.#waiting < this.#limits.global
  }

  /** Whether a task of this type could run at once. */
  hasFreeFor(type: string | undefined): boolean {
    return this.hasFree && !this.#isFull(type)
  }

  /** Reserves a slot for what a poll may bring; a poll may bring a task that has to wait, so the lines count too. */
  reserve(): boolean {
    const { global } = this.#limits
    if (this.#running + this.#reserved >= global || this.#waiting + this.#reserved >= global) return false
    this.#reserved++
    return true
  }

  /** The poll brought nothing. */
  unreserve(): void {
    this.#reserved--
  }

  /** The poll brought `task`. True: it holds a slot and runs now. False: it stands in the line of its type. */
  admit(task: T, type: string | undefined): boolean {
    this.#reserved--
    if (type !== undefined && this.#isFull(type)) {
      this.#lineOf(type).push(task)
      this.#waiting++
      return false
    }
    this.#running++
    this.#count(type, 1)
    return true
  }

  /** A running task has ended. Returns the task that takes over its slot, if one waits for it. */
  release(type: string | undefined): T | undefined {
    const next = type === undefined ? undefined : this.#lines.get(type)?.shift()
    if (next !== undefined) {
      this.#waiting--
      return next
    }
    this.#running--
    this.#count(type, -1)
    return undefined
  }

  /** Takes a task out of its line; false when it is not there. */
  withdraw(task: T, type: string): boolean {
    const line = this.#lines.get(type) ?? []
    const place = line.indexOf(task)
    if (place < 0) return false
    line.splice(place, 1)
    this.#waiting--
    return true
  }

  /** Empties the lines. */
  takeWaiting(): T[] {
    const tasks = [...this.#lines.values()].flat()
    this.#lines.clear()
    this.#waiting = 0
    return tasks
  }

  #isFull(type: string | undefined): boolean {
    const limit = type === undefined ? undefined : this.#limits.byType[type]
    return limit !== undefined && (this.#runningByType.get(type as string) ?? 0) >= limit
  }

  #count(type: string | undefined, change: 1 | -1): void {
    if (type !== undefined) this.#runningByType.set(type, (this.#runningByType.get(type) ?? 0) + change)
  }

  #lineOf(type: string): T[] {
    const line = this.#lines.get(type) ?? []
    this.#lines.set(type, line)
    return line
  }
}
