import type { Logger } from '../utils/logger.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import { monotonicMs } from '../utils/time.js'

/** The parts of a connection that the watchdog needs. */
export interface Watched {
  readonly url: string
  readonly polls: {
    /** How many polls have ended so far, with an answer or without. */
    readonly ended: number
    /** Whether a poll is open, or could be. */
    readonly awaits: boolean
  }
  readonly orchestrator: {
    /** Ends every network connection. Requests under way fail, later requests use new connections. */
    reconnect(): void
  }
  registerAgain(): void
}

/** What is tried against polls that do not end, in this order; `gone`: nothing helped. */
export const CURES = ['reconnect', 'register again', 'gone'] as const
export type Cure = (typeof CURES)[number]

/** How many cures are due: the first after twice the longest time a poll takes, one more after each such time. Pure. */
export const curesDue = (silentMs: number, dueMs: number): number =>
  Math.min(CURES.length, Math.max(0, Math.floor(silentMs / dueMs) - 1))

interface Mark {
  readonly pollsEnded: number
  /** Since when no poll has ended. */
  readonly sinceMs: number
  tried: number
}

const MIN_TICK_MS = 1_000

/**
 * Watches the polls. Each poll has a deadline, so some poll always ends in time. If no poll ends, something in this process
 * is broken, and the watchdog tries the cures one by one. An orchestrator that is away is no such case: its polls fail.
 */
export class Watchdog {
  readonly #watched: readonly Watched[]
  readonly #dueMs: number
  readonly #log: Logger
  readonly #marks = new Map<Watched, Mark>()
  readonly #tick = new ResettableTimer()

  /** @param dueMs - the longest time a poll takes if all is well */
  constructor(watched: readonly Watched[], dueMs: number, log: Logger) {
    this.#watched = watched
    this.#dueMs = dueMs
    this.#log = log
  }

  /** Why this process cannot be helped; `undefined` while it works. */
  get verdict(): string | undefined {
    for (const [{ url }, { tried }] of this.#marks) {
      if (tried === CURES.length)
        return `no poll of ${url} ends, and neither new connections nor a new registration have helped`
    }
    return undefined
  }

  start(): void {
    this.#tick.set(Math.max(MIN_TICK_MS, this.#dueMs / 2), () => {
      for (const watched of this.#watched) this.#look(watched)
      this.start()
    })
  }

  stop(): void {
    this.#tick.cancel()
  }

  #look(watched: Watched): void {
    const { ended, awaits } = watched.polls
    const nowMs = monotonicMs()
    const mark = this.#marks.get(watched)
    if (!mark || !awaits || mark.pollsEnded !== ended) {
      this.#marks.set(watched, { pollsEnded: ended, sinceMs: nowMs, tried: 0 })
      return
    }
    const due = curesDue(nowMs - mark.sinceMs, this.#dueMs)
    for (const cure of CURES.slice(mark.tried, due)) this.#try(watched, cure)
    mark.tried = due
  }

  #try(watched: Watched, cure: Cure): void {
    const fields = { orchestrator: watched.url, cure }
    this.#log.error(fields, 'No poll has ended for too long: the worker tries to recover')
    if (cure === 'reconnect') watched.orchestrator.reconnect()
    if (cure === 'register again') watched.registerAgain()
  }
}
