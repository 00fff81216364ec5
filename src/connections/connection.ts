import type { AuthError } from '../errors.js'
import type { Fact, Health, HealthObserver, RequestKind } from '../orchestrators/health.js'
import { Orchestrator } from '../orchestrators/orchestrator.js'
import type { RateLimits, RequestObserver } from '../orchestrators/requests.js'
import { troubleIn } from '../orchestrators/trouble.js'
import { PollLoop } from '../polling/poll-loop.js'
import type { Command, Heartbeat, Receipt, Registration, TaskResult } from '../protocol/messages.js'
import type { OrchestratorSettings } from '../settings.js'
import type { SocketEnd } from '../transport/websocket.js'
import { monotonicMs } from '../utils/time.js'
import type { ConnectionContext } from './connection-context.js'
import { asBusy } from './heartbeat/describe-load.js'
import { HeartbeatLoop, type HeartbeatOwner } from './heartbeat/heartbeat-loop.js'
import { lastWords } from './last-words.js'
import { type OutageObserver, OutageWatch } from './outage-watch.js'
import { PollAbandonment } from './poll-abandonment.js'
import { Registering, type RegistrationOwner } from './registering.js'
import { CommandSocket, type SocketOwner } from './socket/command-socket.js'
import { Uplink } from './socket/uplink.js'
import type { TaskConnection } from './takeover-hooks.js'

/** Everything this worker keeps up towards one orchestrator: the registration, heartbeats, polls and the socket. */
export class Connection
  implements TaskConnection, RegistrationOwner, HeartbeatOwner, SocketOwner, OutageObserver, RequestObserver
{
  readonly orchestrator: Orchestrator
  readonly heartbeats: HeartbeatLoop
  readonly polls: PollLoop
  readonly uplink: Uplink
  readonly #context: ConnectionContext
  readonly #target: OrchestratorSettings
  readonly #observer: HealthObserver
  readonly #registering: Registering
  readonly #socket: CommandSocket | undefined
  readonly #outages = new OutageWatch(this)
  readonly #abandonment: PollAbandonment
  /** The version of the catalog that the last registration told. */
  #told = 0

  /** Sends nothing before {@link Connection.open}. */
  constructor(context: ConnectionContext, target: OrchestratorSettings, observer: HealthObserver) {
    const { settings, tls, tracing, log } = context
    this.#context = context
    this.#target = target
    this.#observer = observer
    this.orchestrator = new Orchestrator({ settings, target, tls, tracing }, this, log)
    this.#registering = new Registering(this, this.orchestrator, log)
    this.heartbeats = new HeartbeatLoop(this.orchestrator, this, context)
    const rank = settings.orchestrators.indexOf(target)
    this.polls = new PollLoop(this, this.orchestrator, target.weight, context, rank)
    this.#abandonment = new PollAbandonment(this.heartbeats, this.polls, this.orchestrator)
    if (settings.websocketsEnabled) this.#socket = new CommandSocket(this.orchestrator, this, log)
    this.uplink = new Uplink(this.orchestrator, this.#socket, log)
  }

  get url(): string {
    return this.#target.url
  }

  get workerId(): string {
    return this.#context.settings.workerId
  }

  get limits(): RateLimits {
    return this.orchestrator.limits
  }

  /** The health of the orchestrator, by all requests to it. */
  get health(): Health {
    return this.#outages.health
  }

  /** Why no task can come from here at present; `undefined` while tasks can come. Has no text of the orchestrator. */
  get trouble(): string | undefined {
    const { trouble } = this.#registering
    if (trouble !== undefined) return `not registered with ${this.url}: ${trouble}`
    return this.polls.failure && `polls of ${this.url} fail: ${troubleIn(this.polls.failure)}`
  }

  /** The state of the registration, and why the last attempt failed. */
  get registrar(): Pick<Registering, 'state' | 'failure'> {
    return this.#registering
  }

  /** Whether tasks are wanted from here. */
  get isUsed(): boolean {
    return this.#registering.state === 'registering' || this.#registering.state === 'registered'
  }

  /** Makes a second connection to the same orchestrator, under another worker id. Its health decides nothing. */
  standbyFor(workerId: string): Connection {
    const { settings, log, register } = this.#context
    const context = {
      ...this.#context,
      settings: { ...settings, workerId },
      register: () => ({ ...register(), workerId }),
      log: log.child({ standby: workerId }),
    }
    return new Connection(context, this.#target, { healthChanged: () => {} })
  }

  /** Resolves when the first attempt to register is over. */
  open(): Promise<void> {
    return this.#registering.begin()
  }

  /** Delivers a result. After a failure the orchestrator looks for an idle worker, so it must know first that this one is. */
  deliver(result: TaskResult): Promise<Receipt> {
    const { outcome } = result
    const isRetried =
      outcome.kind === 'failure' && !this.orchestrator.protocol.finalCodes.has(outcome.error.code)
    if (!isRetried) return this.orchestrator.deliver(result)
    return this.heartbeats.upToDate().then(() => this.orchestrator.deliver(result))
  }

  untilKnown(): Promise<void> {
    return this.heartbeats.untilKnown()
  }

  /**
   * Stops using the orchestrator: tells it that this worker is busy, and winds polls down. Running tasks go on, and results
   * still go there.
   */
  async leave(): Promise<void> {
    if (!this.isUsed) return
    this.#registering.leave()
    this.#context.takeover.left(this)
    this.heartbeats.stop()
    await this.#tellBusy()
    if (this.#registering.state === 'unused') this.polls.windDown()
  }

  /** Until the orchestrator knows, it may queue a task for the next poll. */
  async #tellBusy(): Promise<void> {
    const known = this.heartbeats.now()
    if (this.health.up) await known
  }

  /** Checks the health of an orchestrator that is not used. The heartbeat says `busy`, so it brings no task. */
  ask(): void {
    if (this.#registering.state === 'unused') this.heartbeats.ask()
  }

  /** Notes what the end of a request shows about the orchestrator. */
  recordFact(kind: RequestKind, fact: Fact): void {
    const hasChanged = this.#outages.record(kind, fact)
    // For an orchestrator that is not used, time alone may be news: it has been healthy for long enough.
    const isNews = hasChanged || this.#registering.state === 'unused'
    if (isNews || this.orchestrator.longLimitEndMs > monotonicMs()) this.#observer.healthChanged()
  }

  registerAgain(): void {
    if (this.#registering.state !== 'registered') return
    this.heartbeats.stop()
    this.#registering.again()
  }

  /** Finds out at once whether the orchestrator still knows this worker. */
  check(): void {
    if (this.#registering.state !== 'registered') return
    this.orchestrator.liveness.suspect()
    void this.heartbeats.now()
  }

  /**
   * Tells the orchestrator to send no more tasks. Resolves when the open polls have ended.
   *
   * @param idle - resolves when no task runs. Polls that are still open then are abandoned; without it they end by themselves
   */
  async drain(idle?: Promise<void>): Promise<void> {
    const { state, isKnown } = this.#registering
    this.#registering.close()
    this.#socket?.drain()
    if (isKnown || (state === 'unused' && this.polls.open > 0)) {
      const announced = this.heartbeats.announce()
      if (idle) void this.#abandonment.begin(announced, idle)
    }
    const ended = this.polls.drain()
    await lastWords(this.heartbeats.upToDate(), this.#registering.settled())
    await ended
  }

  async close(): Promise<void> {
    this.#registering.close()
    this.#outages.close()
    this.#abandonment.close()
    this.heartbeats.stop()
    this.uplink.close()
    await this.#socket?.stop()
    await this.orchestrator.close()
  }

  registration(): Registration {
    const isHeldOff = this.#context.takeover.isHeldOff(this)
    this.#told = this.#context.catalog.version
    return { ...this.#context.register(), status: this.describe().status, isHeldOff }
  }

  beforeRegistering(): Promise<void> | undefined {
    return this.#context.takeover.beforeRegistering(this)
  }

  registered(): void {
    const { events, log, takeover } = this.#context
    const { proxy } = this.orchestrator
    const fields = { orchestrator: this.url, workerId: this.workerId, ...(proxy !== undefined && { proxy }) }
    log.info(fields, 'Registered with the orchestrator')
    events.emit('registered', { orchestrator: this.url })
    this.heartbeats.start()
    this.#socket?.open()
    this.uplink.open()
    this.polls.start()
    this.#context.nudgeDelivery(this)
    takeover.ready(this)
    if (!takeover.isHeldOff(this)) this.fenceEnded()
    else if (this.orchestrator.isProvisional) void this.#hideSkills()
    // A task may have been added while the request was under way.
    if (this.#told !== this.#context.catalog.version) this.registerAgain()
  }

  /** The fence is over. */
  fenceEnded(): void {
    if (this.orchestrator.isProvisional && this.#registering.state === 'registered')
      void this.#replaceRecord()
  }

  /**
   * A heartbeat of the dead process may come after the first one of this process, and say `idle`. So the skills are taken back
   * by the second one: a record that is `idle` and has no skills makes jobs fail.
   */
  async #hideSkills(): Promise<void> {
    await this.heartbeats.upToDate()
    await this.heartbeats.now()
  }

  /**
   * The record, of which the orchestrator may have a copy, gets the skills back that it has lost. A registration before that
   * heartbeat would make the record `idle`.
   */
  async #replaceRecord(): Promise<void> {
    await this.heartbeats.announce()
    if (this.orchestrator.isProvisional) this.registerAgain()
  }

  /** The orchestrator may send tasks until it hears that this worker takes none, and it may have sent some already. */
  async takenTooLate(): Promise<void> {
    await this.#tellBusy()
    if (this.#registering.state !== 'unused') return
    this.polls.start()
    this.polls.windDown()
  }

  unauthorized(error: AuthError): boolean {
    return !this.#context.takeover.givesUp(this, error)
  }

  describe(): Heartbeat {
    const heartbeat = this.#context.describe()
    const isHeldOff = this.#context.takeover.isHeldOff(this)
    const isHidden = isHeldOff && this.orchestrator.isProvisional && this.heartbeats.isHeard
    if (isHidden || this.#abandonment.isWithdrawn) return { ...asBusy(heartbeat), withdrawn: true }
    return isHeldOff || this.#registering.state === 'unused' ? asBusy(heartbeat) : heartbeat
  }

  forgotten(): void {
    if (this.#registering.state !== 'registered') return
    const { events, log } = this.#context
    log.warn({ orchestrator: this.url }, 'Registration lost at the orchestrator: the worker registers again')
    events.emit('registrationLost', { orchestrator: this.url })
    this.heartbeats.stop()
    this.#registering.lost()
  }

  cancelled(id: string): void {
    this.#context.commands.take({ kind: 'cancel', taskId: id, jobId: id }, this)
  }

  commandReceived(command: Command): void {
    this.#context.commands.take(command, this)
  }

  socketOpened(): void {
    this.#context.events.emit('socketOpened', { orchestrator: this.url })
  }

  socketClosed({ code, reason }: SocketEnd): void {
    this.#context.events.emit('socketClosed', { orchestrator: this.url, code, reason })
  }

  /** Those who wait for the end of an outage need not wait longer. The orchestrator may have lost its storage. */
  outageEnded(wasSilent: boolean, kind?: RequestKind): void {
    this.#context.nudgeDelivery(this)
    if (this.#registering.state !== 'registered') return
    if (kind !== 'heartbeat') void this.heartbeats.now()
    if (kind !== 'poll') this.polls.outageEnded(wasSilent)
    this.#socket?.open()
    this.#context.takeover.ready(this)
  }
}
