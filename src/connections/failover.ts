import type { Health } from '../orchestrators/health.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import { monotonicMs } from '../utils/time.js'
import type { Connection } from './connection.js'

/** Which of several orchestrators is used. They are in the order of preference. */
export interface Failover {
  /** The place of the orchestrator in use. */
  readonly active: number
  readonly sinceMs: number
  /** How long each orchestrator has to be healthy before the worker returns to it, in ms. Grows if it fails again soon. */
  readonly patiencesMs: readonly number[]
}

/** How healthy a better orchestrator has to be. */
export interface Steadiness {
  /** How long a better orchestrator has to be healthy at first, in ms. */
  readonly patienceMs: number
  /** The longest time it has to be healthy, in ms. */
  readonly longestMs: number
  /** An orchestrator that was in use for this long counts as stable, in ms. */
  readonly lastedMs: number
}

/** Derived from the heartbeat interval, because heartbeats are the health checks of better orchestrators. */
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
 * Keeps the orchestrator in use while it works, unless a better one has been healthy for long enough. If the orchestrator in
 * use is down, chooses the best one that is up. If all are down, changes nothing. Pure.
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

/** An orchestrator that limits this worker for more than a minute counts as down, and is healthy from the end of the limit on. Pure. */
export const underLimit = (health: Health, limitEndMs: number, nowMs: number): Health => {
  if (limitEndMs > nowMs) return { ...health, up: false, answersSinceMs: undefined }
  const { answersSinceMs = limitEndMs } = health
  return answersSinceMs < limitEndMs ? { ...health, answersSinceMs: limitEndMs } : health
}

/** Which orchestrators need health checks: the better ones, and all others while the one in use is down. Pure. */
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

/** Hears that another connection is used from now on. */
export interface SwitchObserver {
  switched(from: Connection, to: Connection): void
}

/** Keeps one of several connections in use: the best that works. */
export class FailoverWatch {
  readonly #connections: readonly Connection[]
  readonly #intervalMs: number
  readonly #observer: SwitchObserver
  readonly #steadiness: Steadiness
  readonly #asking = new ResettableTimer()
  #failover: Failover

  /**
   * @param connections - in the order of preference
   * @param intervalMs - between two health checks of the connections that may be used instead
   */
  constructor(connections: readonly Connection[], intervalMs: number, observer: SwitchObserver) {
    this.#connections = connections
    this.#intervalMs = intervalMs
    this.#observer = observer
    this.#steadiness = steadinessFor(intervalMs)
    this.#failover = firstOf(connections.length, this.#steadiness, monotonicMs())
  }

  /** The connection in use. */
  get active(): Connection {
    return this.#at(this.#failover.active)
  }

  /** The health of a connection has changed: switches if another connection is better. */
  reconsider(): void {
    const from = this.active
    this.#failover = choose(this.#failover, this.#healths(), this.#steadiness, monotonicMs())
    if (this.active !== from) {
      void from.leave()
      void this.active.open()
      this.#observer.switched(from, this.active)
    }
    this.#askLater()
  }

  close(): void {
    this.#asking.close()
  }

  #askLater(): void {
    if (this.#asking.isSet || this.#toAsk().length === 0) return
    this.#asking.set(this.#intervalMs, () => {
      for (const connection of this.#toAsk()) connection.ask()
      this.#askLater()
    })
  }

  #toAsk(): Connection[] {
    return toAsk(this.#failover, this.#healths()).map((place) => this.#at(place))
  }

  #healths() {
    const nowMs = monotonicMs()
    return this.#connections.map(({ health, orchestrator }) =>
      underLimit(health, orchestrator.longLimitEndMs, nowMs),
    )
  }

  #at(place: number): Connection {
    const connection = this.#connections[place]
    if (!connection) throw new RangeError('No orchestrator is configured')
    return connection
  }
}
