import { after, monotonicMs, type Timer } from '../utils/time.js'

/** A connection, as far as it is watched. */
export interface Watched {
  readonly url: string
  /** How many polls have ended so far, however they did. */
  readonly pollsEnded: number
  /** Whether a poll is open, or could be. */
  readonly awaitsPoll: boolean
  /** Ends every network connection: what is under way fails, what follows goes over new ones. */
  reconnect(): void
  registerAgain(): void
}

export interface WatchdogOptions {
  readonly watched: readonly Watched[]
  /** When a poll ends at the latest if all is well, in ms. */
  readonly dueMs: number
  /** `cure` is tried now. */
  readonly onCure: (watched: Watched, cure: Cure) => void
}

/** What helps a connection that is silent, in the order in which it is tried; `gone`: nothing did. */
export const CURES = ['reconnect', 'register again', 'gone'] as const
export type Cure = (typeof CURES)[number]

/** How many of the cures are due: the first past twice the time that a poll takes at most, one more with each such time. Pure. */
export const curesDue = (silentMs: number, dueMs: number): number =>
  Math.min(CURES.length, Math.max(0, Math.floor(silentMs / dueMs) - 1))

interface Mark {
  readonly pollsEnded: number
  /** Since when nothing has come. */
  readonly sinceMs: number
  tried: number
}

const SHORTEST_TICK_MS = 1_000

/**
 * Looks after the polls: each of them has a deadline, so one always ends in time, answered or not. Where none does,
 * something in this process is broken, and what could mend it is tried, a step at a time. An orchestrator that is away
 * is no such case: its polls end, in vain.
 */
export class Watchdog {
  readonly #options: WatchdogOptions
  readonly #marks = new Map<Watched, Mark>()
  #timer: Timer | undefined

  constructor(options: WatchdogOptions) {
    this.#options = options
  }

  /** Why this process is beyond help; `undefined` while it is not. */
  get verdict(): string | undefined {
    for (const [{ url }, { tried }] of this.#marks) {
      if (tried === CURES.length)
        return `no poll of ${url} ends, and neither new connections nor a new registration have helped`
    }
    return undefined
  }

  start(): void {
    this.#timer = after(Math.max(SHORTEST_TICK_MS, this.#options.dueMs / 2), () => {
      for (const watched of this.#options.watched) this.#look(watched)
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #look(watched: Watched): void {
    const { pollsEnded, awaitsPoll } = watched
    const nowMs = monotonicMs()
    const mark = this.#marks.get(watched)
    if (!mark || !awaitsPoll || mark.pollsEnded !== pollsEnded) {
      this.#marks.set(watched, { pollsEnded, sinceMs: nowMs, tried: 0 })
      return
    }
    const due = curesDue(nowMs - mark.sinceMs, this.#options.dueMs)
    for (const cure of CURES.slice(mark.tried, due)) this.#try(watched, cure)
    mark.tried = due
  }

  #try(watched: Watched, cure: Cure): void {
    this.#options.onCure(watched, cure)
    if (cure === 'reconnect') watched.reconnect()
    if (cure === 'register again') watched.registerAgain()
  }
}
