/** The most tasks that run at once. */
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
 * The right to run tasks. A poll reserves a slot before it is known what the poll brings. A running task holds a slot.
 * A task waits in a queue if its type is at its limit, or if the slot of its poll was lent to another poll. A task that
 * ends leaves its slot to the first task in the queue that may run. So neither limit is ever exceeded.
 *
 * Limits may change at any time, and tasks may be paused. Running tasks go on; those that would exceed a limit or are paused
 * wait in the queue.
 */
export class Slots<T> {
  #limits: Limits
  #isPaused = false
  readonly #pausedTypes = new Set<string>()
  #running = 0
  #polls = 0
  readonly #runningByType = new Map<string, number>()
  readonly #queue: Waiting<T>[] = []

  constructor(limits: Limits) {
    this.#limits = limits
  }

  get limits(): Limits {
    return this.#limits
  }

  /** The caller starts the tasks that {@link next} returns then. */
  set limits(limits: Limits) {
    this.#limits = limits
  }

  /** Whether no task may start. */
  get isPaused(): boolean {
    return this.#isPaused
  }

  /** Whether no task of this type may start. */
  isTypePaused(type: string): boolean {
    return this.#pausedTypes.has(type)
  }

  /**
   * Pauses all tasks, or those of one type. The caller starts the tasks that {@link next} returns after the end of a pause.
   *
   * @returns whether anything has changed
   */
  pause(isPaused: boolean, type?: string): boolean {
    if (type !== undefined) {
      if (isPaused === this.#pausedTypes.has(type)) return false
      if (isPaused) this.#pausedTypes.add(type)
      else this.#pausedTypes.delete(type)
      return true
    }
    const hasChanged = isPaused !== this.#isPaused
    this.#isPaused = isPaused
    return hasChanged
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#queue.length
  }

  /** How many tasks of this type run. */
  runningOf(type: string): number {
    return this.#runningByType.get(type) ?? 0
  }

  /** Whether one more task could run, without regard to open polls. */
  get hasFree(): boolean {
    const { global } = this.#limits
    return !this.#isPaused && this.#running < global && this.waiting < global
  }

  /** Whether a task of this type could run at once. */
  hasFreeFor(type: string | undefined): boolean {
    return this.hasFree && !this.#isFull(type)
  }

  /**
   * Reserves a slot for the task that a poll may bring. That task may have to wait, so the queue is bounded, too.
   *
   * @param lent - how many open polls are held by their orchestrators and lend their slots
   * @returns whether a slot was free
   */
  reserve(lent = 0): boolean {
    const { global } = this.#limits
    const expected = this.#polls - lent
    if (!this.hasFree || this.#running + expected >= global || this.waiting + expected >= global) return false
    this.#polls++
    return true
  }

  /** Gives back the slot of a poll that brought no task to run. */
  unreserve(): void {
    this.#polls--
  }

  /** Takes the task that a poll brought. Returns true if the task holds a slot, false if it waits in the queue. */
  admit(task: T, type: string | undefined): boolean {
    this.#polls--
    if (!this.#mayStart(type)) {
      this.#queue.push({ task, type })
      return false
    }
    this.#count(type, 1)
    return true
  }

  /** A running task has ended. Returns the task that takes over its slot, if there is one. */
  release(type: string | undefined): T | undefined {
    this.#count(type, -1)
    return this.next()
  }

  /** Gives a slot to the first task in the queue that may run, and returns the task. */
  next(): T | undefined {
    if (this.#queue.length === 0) return undefined
    const place = this.#queue.findIndex((waiting) => this.#mayStart(waiting.type))
    const [next] = place < 0 ? [] : this.#queue.splice(place, 1)
    if (!next) return undefined
    this.#count(next.type, 1)
    return next.task
  }

  /** Takes a task out of the queue. Returns false if the task is not in it. */
  withdraw(task: T): boolean {
    const place = this.#queue.findIndex((waiting) => waiting.task === task)
    if (place < 0) return false
    this.#queue.splice(place, 1)
    return true
  }

  /** Empties the queue. */
  takeQueued(): T[] {
    return this.#queue.splice(0).map(({ task }) => task)
  }

  #mayStart(type: string | undefined): boolean {
    return !this.#isPaused && this.#running < this.#limits.global && !this.#isFull(type)
  }

  #isFull(type: string | undefined): boolean {
    if (this.#pausedTypes.size > 0 && this.#pausedTypes.has(type as string)) return true
    const limit = type === undefined ? undefined : this.#limits.byType[type]
    return limit !== undefined && this.runningOf(type as string) >= limit
  }

  #count(type: string | undefined, change: 1 | -1): void {
    this.#running += change
    if (type !== undefined) this.#runningByType.set(type, (this.#runningByType.get(type) ?? 0) + change)
  }
}
