import { ResettableTimer } from '../utils/resettable-timer.js'
import { idleMs, monotonicMs } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'

/** How long the event loop was blocked. */
export interface Blockage {
  readonly ms: number
  /** The task names whose handlers may have blocked it: a single one if the watch saw which. */
  readonly taskNames: readonly string[]
}

/** What the watch asks of the worker, and tells it. */
export interface EventLoopOwner {
  /** The task names whose handlers run at this moment. */
  runningTaskNames(): readonly string[]
  blocked(blockage: Blockage): void
  /** The process could not run for `ms`, and no code is to blame: the machine slept, or the process was stopped. */
  suspended(ms: number): void
}

/** A longer delay misses polls and heartbeats, in ms. */
const BLOCKED_MS = 1_000
/** A blockage is measured up to one tick shorter than it was, in ms. */
const TICK_MS = 250

/**
 * Notices when a handler blocks the event loop: a timer that fires late shows for how long. The timer runs while handlers
 * run. After a blockage it runs until it fires in time again; so long the event loop counts as blocked. The timer is late
 * without a blockage if the machine slept or the process was stopped: then the event loop waited, and no code ran.
 */
export class EventLoopWatch {
  readonly #owner: EventLoopOwner
  readonly #wake: Wake
  readonly #tick = new ResettableTimer()
  #dueMs = 0
  /** {@link idleMs} when the tick was set. */
  #idleBeforeMs = 0
  #blockage: Blockage | undefined
  /** The task names whose handlers ended after the tick was due. Handlers that ended earlier did not delay it. */
  readonly #ended = new Set<string>()
  /** The task name whose handler was seen to block. */
  #culprit: string | undefined

  /** @param wake - triggered when the event loop runs freely again */
  constructor(owner: EventLoopOwner, wake: Wake) {
    this.#owner = owner
    this.#wake = wake
  }

  /** The last blockage, until the event loop runs freely again. */
  get blockage(): Blockage | undefined {
    return this.#blockage
  }

  /** Stops for good. */
  stop(): void {
    this.#tick.close()
  }

  /** A handler is about to run. */
  entered(): void {
    if (!this.#tick.isSet) this.#tickLater()
  }

  /** A handler ran for `ms` before it returned to the event loop for the first time. */
  returned(taskName: string, ms: number): void {
    if (ms > BLOCKED_MS) this.#culprit = taskName
  }

  ended(taskName: string): void {
    if (monotonicMs() > this.#dueMs) this.#ended.add(taskName)
  }

  #tickLater(): void {
    this.#dueMs = monotonicMs() + TICK_MS
    this.#idleBeforeMs = idleMs()
    this.#tick.set(TICK_MS, () => this.#measureLag())
  }

  #measureLag(): void {
    const wasBlocked = this.#blockage !== undefined
    const running = this.#owner.runningTaskNames()
    const lagMs = monotonicMs() - this.#dueMs
    const busyMs = lagMs + TICK_MS - (idleMs() - this.#idleBeforeMs)
    this.#blockage = this.#measure(Math.min(lagMs, busyMs), running)
    this.#culprit = undefined
    this.#ended.clear()
    if (this.#blockage || running.length > 0) this.#tickLater()
    if (this.#blockage) this.#owner.blocked(this.#blockage)
    else if (wasBlocked) this.#wake.trigger()
    if (lagMs - busyMs > BLOCKED_MS) this.#owner.suspended(Math.round(lagMs - busyMs))
  }

  #measure(blockedMs: number, running: readonly string[]): Blockage | undefined {
    if (blockedMs <= BLOCKED_MS) return undefined
    const taskNames = this.#culprit ? [this.#culprit] : [...new Set([...this.#ended, ...running])]
    return { ms: Math.round(blockedMs), taskNames }
  }
}
