import type { Health } from '../orchestrators/health.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { Connection } from './connection.js'

/** Which of several orchestrators is used, in the order of preference. Pure: the caller brings the clock. */
export interface Failover {
  /** The place of the one that is used. */
  readonly active: number
  readonly sinceMs: number
  /** How long each has to answer before it is come back to, in ms; grows for one that does not last. */
  readonly patiencesMs: readonly number[]
}

/** How much steadiness is asked for. */
export interface Steadiness {
  /** How long a better one has to answer at first, in ms. */
  readonly patienceMs: number
  /** How long it has to answer at most, in ms. */
  readonly longestMs: number
  /** One that was used for this long has lasted, in ms. */
  readonly lastedMs: number
}

/** The steadiness that goes with heartbeats, which are what a better orchestrator is asked by. */
export const steadinessFor = (heartbeatIntervalMs: number): Steadiness => ({
  patienceMs: 2 * heartbeatIntervalMs,
  longestMs: 40 * heartbeatIntervalMs,
  lastedMs: 20 * heartbeatIntervalMs,
})

export const firstOf = (count: number, { patienceMs }: Steadiness, nowMs: number): Failover => ({
  active: 0,
  sinceMs: nowMs,
  patiencesMs: new Array<number>(count).fill(patienceMs),
})

/**
 * Stays where it is as long as that works, unless a better one has answered for a while. Away from one that is down it
 * goes to the best that is not; where all are down it stays.
 */
export const choose = (
  failover: Failover,
  healths: readonly Health[],
  steadiness: Steadiness,
  nowMs: number,
): Failover => {
  const { active, patiencesMs } = failover
  const better = healths.findIndex(
    (health, place) => place < active && hasLasted(health, patiencesMs[place], nowMs),
  )
  if (better >= 0) return { ...failover, active: better, sinceMs: nowMs }
  if (healths[active]?.up) return failover
  const next = healths.findIndex(({ up }) => up)
  if (next < 0) return failover
  return { active: next, sinceMs: nowMs, patiencesMs: afterFall(failover, steadiness, nowMs) }
}

/** Whom to ask how it does, besides the one that is used: the better ones, and everybody while that one is down. */
export const toAsk = ({ active }: Failover, healths: readonly Health[]): number[] => {
  const isDown = healths[active]?.up === false
  return [...healths.keys()].filter((place) => place < active || (isDown && place !== active))
}

const hasLasted = ({ up, answersSinceMs }: Health, patienceMs = 0, nowMs: number): boolean =>
  up && answersSinceMs !== undefined && nowMs - answersSinceMs >= patienceMs

const afterFall = ({ active, sinceMs, patiencesMs }: Failover, steadiness: Steadiness, nowMs: number) => {
  const lasted = nowMs - sinceMs >= steadiness.lastedMs
  return patiencesMs.map((patienceMs, place) => {
    if (place !== active) return patienceMs
    return lasted ? steadiness.patienceMs : Math.min(2 * patienceMs, steadiness.longestMs)
  })
}

export interface FailoverOptions {
  /** In the order of preference. */
  readonly connections: readonly Connection[]
  /** How often those are asked that may be used instead, in ms. */
  readonly intervalMs: number
  readonly onSwitched: (from: Connection, to: Connection) => void
}

/** Keeps one of several connections in use, the best that works. */
export class FailoverWatch {
  readonly #options: FailoverOptions
  readonly #steadiness: Steadiness
  #failover: Failover
  #asking: Timer | undefined

  constructor(options: FailoverOptions) {
    this.#options = options
    this.#steadiness = steadinessFor(options.intervalMs)
    this.#failover = firstOf(options.connections.length, this.#steadiness, monotonicMs())
  }

  /** The connection in use. */
  get active(): Connection {
    return this.#at(this.#failover.active)
  }

  /** Something has been learned about one of them: switches if that is called for. */
  look(): void {
    const from = this.active
    this.#failover = choose(this.#failover, this.#healths(), this.#steadiness, monotonicMs())
    if (this.active !== from) {
      void from.leave()
      void this.active.open()
      this.#options.onSwitched(from, this.active)
    }
    this.#askSoon()
  }

  close(): void {
    this.#asking?.cancel()
  }

  #askSoon(): void {
    if (this.#asking || this.#toAsk().length === 0) return
    this.#asking = after(this.#options.intervalMs, () => {
      this.#asking = undefined
      for (const connection of this.#toAsk()) connection.ask()
      this.#askSoon()
    })
  }

  #toAsk(): Connection[] {
    return toAsk(this.#failover, this.#healths()).map((place) => this.#at(place))
  }

  #healths() {
    return this.#options.connections.map(({ health }) => health)
  }

  #at(place: number): Connection {
    const connection = this.#options.connections[place]
    if (!connection) throw new RangeError('no orchestrator is configured')
    return connection
  }
}
