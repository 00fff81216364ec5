import type { Connection, OnUnauthorized } from './connection.js'
import { FailoverWatch } from './failover.js'
import { type Cure, Watchdog, type Watched } from './watchdog.js'

export interface ConnectionsOptions {
  readonly mode: 'failover' | 'round-robin'
  readonly heartbeatIntervalMs: number
  /** When a poll ends at the latest, in ms. */
  readonly pollDeadlineMs: number
  /** One for each orchestrator, the most preferred first; each calls `onHealth` when it has learned how its one does. */
  readonly connect: (onHealth: () => void) => readonly Connection[]
  /** Another orchestrator is used from now on. */
  readonly onSwitched: (from: Connection, to: Connection) => void
  /** Polls do not end any more, and something is tried against that. */
  readonly onCure: (silent: Watched, cure: Cure) => void
}

/**
 * Everything this worker keeps up towards its orchestrators, as one. In failover one of them is used at a time, in
 * round robin all are.
 */
export class Connections {
  readonly #all: readonly Connection[]
  readonly #standbys: Connection[] = []
  readonly #watchdog: Watchdog
  readonly #failover: FailoverWatch | undefined
  #open = false

  /** @throws RangeError without a single orchestrator */
  constructor(options: ConnectionsOptions) {
    const { mode, heartbeatIntervalMs, connect, onSwitched } = options
    const connections = connect(() => this.#open && this.#failover?.look())
    if (connections.length === 0) throw new RangeError('no orchestrator is configured')
    this.#all = connections
    const { pollDeadlineMs: dueMs, onCure } = options
    this.#watchdog = new Watchdog({ watched: connections, dueMs, onCure })
    if (mode === 'failover')
      this.#failover = new FailoverWatch({ connections, intervalMs: heartbeatIntervalMs, onSwitched })
  }

  /** One for each orchestrator, standbys left aside. */
  get all(): readonly Connection[] {
    return this.#all
  }

  /** Why no task can come at present; `undefined` while one orchestrator can give some. */
  get trouble(): string | undefined {
    const troubles = this.#used.flatMap(({ trouble }) => trouble ?? [])
    return troubles.length < this.#used.length ? undefined : troubles.join('; ')
  }

  /** What is amiss although tasks can come. */
  get concern(): string | undefined {
    const troubles = this.#used.flatMap(({ trouble }) => trouble ?? [])
    if (troubles.length > 0) return troubles.join('; ')
    const [first] = this.#all
    const [used] = this.#used
    return first && used && used !== first && this.#failover
      ? `${used.url} is used instead of ${first.url}`
      : undefined
  }

  /** Why this process is beyond help; `undefined` while it is not. */
  get verdict(): string | undefined {
    return this.#watchdog.verdict
  }

  /** Makes a second connection to an orchestrator, which others open and leave, and which counts for its tasks only. */
  standbyFor(main: Connection, workerId: string, onUnauthorized: OnUnauthorized): Connection {
    const standby = main.standbyFor(workerId, onUnauthorized)
    this.#standbys.push(standby)
    return standby
  }

  open(): void {
    this.#open = true
    this.#watchdog.start()
    for (const connection of this.#used) void connection.open()
  }

  /** Finds out at once whether the orchestrators still know this worker. */
  check(): void {
    for (const connection of [...this.#used, ...this.#standbys]) connection.check()
  }

  /** Tells the orchestrators not to send more, and resolves when the open polls have ended. */
  async drain(): Promise<void> {
    this.#open = false
    this.#watchdog.stop()
    this.#failover?.close()
    await Promise.all(this.#everyone.map((connection) => connection.drain()))
  }

  /** Calls off the polls that are still open. */
  abortPolls(): void {
    for (const connection of this.#everyone) connection.abortPolls()
  }

  async close(): Promise<void> {
    await Promise.all(this.#everyone.map((connection) => connection.close()))
  }

  get #everyone(): readonly Connection[] {
    return [...this.#all, ...this.#standbys]
  }

  get #used(): readonly Connection[] {
    return this.#failover ? [this.#failover.active] : this.#all
  }
}
