import {
  choose,
  type Failover,
  firstOf,
  type Steadiness,
  steadinessFor,
  toAsk,
} from '../orchestrators/failover.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { Connection } from './connection.js'

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
