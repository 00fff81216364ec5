import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { Wake } from '../utils/wake.js'

/** The event loop did nothing else for this long. */
export interface Blockage {
  readonly ms: number
  /** The task names whose handlers may have done it: one, if that could be seen. */
  readonly taskNames: readonly string[]
}

export interface LagWatchOptions {
  /** The task names whose handlers run at this moment. */
  readonly running: () => readonly string[]
  readonly onBlocked: (blockage: Blockage) => void
  /** Triggered when the event loop turns freely again. */
  readonly wake: Wake
}

/** Who is late by more than this misses polls and heartbeats, in ms. */
const BLOCKED_MS = 1_000
/** A blockage shows up to one tick shorter than it was. */
const TICK_MS = 250

/**
 * Notices when handlers block the event loop: a timer that comes late tells for how long. It ticks while handlers run, and
 * after a blockage until it is on time again; so long the loop counts as blocked.
 */
export class LagWatch {
  readonly #options: LagWatchOptions
  #timer: Timer | undefined
  #dueMs = 0
  #isStopped = false
  #blockage: Blockage | undefined
  /** Whose handlers ended since the last tick. */
  readonly #ended = new Set<string>()
  /** The handler that was seen to block. */
  #culprit: string | undefined

  constructor(options: LagWatchOptions) {
    this.#options = options
  }

  /** The last blockage, until the event loop turns freely again. */
  get blockage(): Blockage | undefined {
    return this.#blockage
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** A handler is about to run. */
  entered(): void {
    if (!this.#timer) this.#tickLater()
  }

  /** A handler kept the event loop for `ms` before it first gave it back. */
  returned(taskName: string, ms: number): void {
    if (ms > BLOCKED_MS) this.#culprit = taskName
  }

  ended(taskName: string): void {
    this.#ended.add(taskName)
  }

  #tickLater(): void {
    if (this.#isStopped) return
    this.#dueMs = monotonicMs() + TICK_MS
    this.#timer = after(TICK_MS, () => this.#tick())
  }

  #tick(): void {
    this.#timer = undefined
    const wasBlocked = this.#blockage !== undefined
    const running = this.#options.running()
    this.#blockage = this.#measure(monotonicMs() - this.#dueMs, running)
    this.#culprit = undefined
    this.#ended.clear()
    if (this.#blockage || running.length > 0) this.#tickLater()
    if (this.#blockage) this.#options.onBlocked(this.#blockage)
    else if (wasBlocked) this.#options.wake.trigger()
  }

  #measure(lagMs: number, running: readonly string[]): Blockage | undefined {
    if (lagMs <= BLOCKED_MS) return undefined
    const taskNames = this.#culprit ? [this.#culprit] : [...new Set([...this.#ended, ...running])]
    return { ms: Math.round(lagMs), taskNames }
  }
}
