import type { HealthObserver } from '../orchestrators/health.js'
import { pollDeadlineMs } from '../orchestrators/target.js'
import type { WorkerEvent } from '../protocol/messages.js'
import { Connection } from './connection.js'
import type { ConnectionContext } from './connection-context.js'
import { FailoverWatch, type SwitchObserver } from './failover.js'
import { Watchdog } from './watchdog.js'

/**
 * The connections to all orchestrators. In failover mode one of them is used at a time, in the other modes all are.
 */
export class Connections implements HealthObserver, SwitchObserver {
  readonly #context: ConnectionContext
  readonly #all: readonly Connection[]
  readonly #standbys: Connection[] = []
  readonly #watchdog: Watchdog
  readonly #failover: FailoverWatch | undefined
  #isOpen = false

  /** @throws RangeError if no orchestrator is configured */
  constructor(context: ConnectionContext) {
    const { settings, log } = context
    this.#context = context
    this.#all = settings.orchestrators.map((target) => new Connection(context, target, this))
    if (this.#all.length === 0) throw new RangeError('No orchestrator is configured')
    this.#watchdog = new Watchdog(this.#all, pollDeadlineMs(settings), log)
    if (settings.orchestratorMode === 'failover')
      this.#failover = new FailoverWatch(this.#all, settings.heartbeatIntervalMs, this)
  }

  /** One connection for each orchestrator, without standbys, the most preferred first. */
  get all(): readonly Connection[] {
    return this.#all
  }

  /** All connections, with standbys. */
  get everyone(): readonly Connection[] {
    return [...this.#all, ...this.#standbys]
  }

  /** Why no task can come at present; `undefined` while one orchestrator can give tasks. */
  get trouble(): string | undefined {
    const troubles = this.#used.flatMap(({ trouble }) => trouble ?? [])
    return troubles.length < this.#used.length ? undefined : troubles.join('; ')
  }

  /** What is wrong although tasks can come. */
  get concern(): string | undefined {
    const troubles = this.#used.flatMap(({ trouble }) => trouble ?? [])
    if (troubles.length > 0) return troubles.join('; ')
    const [first] = this.#all
    const [used] = this.#used
    return first && used && used !== first && this.#failover
      ? `${used.url} is used instead of ${first.url}`
      : undefined
  }

  /** Why this process cannot be helped; `undefined` while it works. */
  get verdict(): string | undefined {
    return this.#watchdog.verdict
  }

  /** Adds a second connection to the orchestrator of `main`. The caller opens and leaves it. */
  addStandby(main: Connection, workerId: string): Connection {
    const standby = main.standbyFor(workerId)
    this.#standbys.push(standby)
    return standby
  }

  open(): void {
    this.#isOpen = true
    this.#watchdog.start()
    for (const connection of this.#used) void connection.open()
  }

  /** The tasks of this worker have changed: every orchestrator has to learn of it. */
  catalogChanged(): void {
    for (const connection of this.everyone) connection.registerAgain()
  }

  /** More or fewer tasks may run at once: orchestrators of the first generation learn of it at a registration only. */
  capacityChanged(): void {
    for (const connection of this.everyone)
      if (connection.orchestrator.protocol.generation === 'classic') connection.registerAgain()
  }

  makeRoomFor(maxConcurrentTasks: number): void {
    for (const { orchestrator } of this.everyone) orchestrator.makeRoomFor(maxConcurrentTasks)
  }

  /** Sends an event of the worker itself to each orchestrator in use. */
  emit(event: WorkerEvent): void {
    for (const { uplink } of this.#used) uplink.emitOwn(event)
  }

  /** Finds out at once whether the orchestrators still know this worker. */
  check(): void {
    for (const connection of [...this.#used, ...this.#standbys]) connection.check()
  }

  /**
   * Tells the orchestrators to send no more tasks. Resolves when the open polls have ended.
   *
   * @param idle - see {@link Connection.drain}
   */
  async drain(idle?: Promise<void>): Promise<void> {
    this.#isOpen = false
    this.#context.turn.close()
    this.#watchdog.stop()
    this.#failover?.close()
    await Promise.all(this.everyone.map((connection) => connection.drain(idle)))
  }

  /** Cancels the polls that are still open. */
  abortPolls(): void {
    for (const connection of this.everyone) connection.polls.abort()
  }

  async close(): Promise<void> {
    await Promise.all(this.everyone.map((connection) => connection.close()))
  }

  healthChanged(): void {
    if (this.#isOpen) this.#failover?.reconsider()
  }

  switched({ url: from }: Connection, { url: to }: Connection): void {
    const { events, log } = this.#context
    log.warn({ from, to }, 'Failover: the worker uses another orchestrator')
    events.emit('orchestratorChanged', { from, to })
  }

  get #used(): readonly Connection[] {
    return this.#failover ? [this.#failover.active] : this.#all
  }
}
