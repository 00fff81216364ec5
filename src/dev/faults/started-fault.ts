import type { Timer } from '../../utils/time.js'
import type { DevClock } from '../clock.js'
import {
  type ActiveFault,
  DEFAULT_ROUTES,
  type FaultName,
  type FaultOptions,
  type FaultRoute,
} from './fault.js'

/** A fault from its start to its end. */
export class StartedFault implements ActiveFault {
  readonly #ended: (fault: StartedFault) => void
  readonly name: FaultName
  readonly options: FaultOptions
  readonly routes: ReadonlySet<FaultRoute>
  readonly #clock: DevClock
  readonly #timer: Timer | undefined
  /** By {@link DevClock.monotonicMs}. */
  readonly #endsMs: number | undefined
  #hits = 0
  #isActive = true

  constructor(name: FaultName, options: FaultOptions, clock: DevClock, ended: (fault: StartedFault) => void) {
    this.name = name
    this.options = options
    this.routes = new Set(options.routes ?? DEFAULT_ROUTES[name])
    this.#ended = ended
    this.#clock = clock
    this.#endsMs = options.forMs === undefined ? undefined : clock.monotonicMs() + options.forMs
    this.#timer = options.forMs === undefined ? undefined : clock.after(options.forMs, () => this.stop())
  }

  get isActive(): boolean {
    return this.#isActive
  }

  get hits(): number {
    return this.#hits
  }

  get leftMs(): number | undefined {
    if (this.#endsMs === undefined) return undefined
    return this.#isActive ? Math.max(0, this.#endsMs - this.#clock.monotonicMs()) : 0
  }

  /** Counts one more request. @returns `false` if the fault has ended */
  hit(): boolean {
    if (!this.#isActive) return false
    if (++this.#hits >= (this.options.times ?? Number.POSITIVE_INFINITY)) this.stop()
    return true
  }

  stop(): void {
    if (!this.#isActive) return
    this.#isActive = false
    this.#timer?.cancel()
    this.#ended(this)
  }
}
