import { AuthError, RateLimitError } from '../errors.js'
import type { TaskSource } from '../execution/task-in-hand.js'
import { type Fact, type Health, healthAfter, type RequestKind, UNTRIED } from '../orchestrators/health.js'
import type { Orchestrator } from '../orchestrators/orchestrator.js'
import type { PollLoop } from '../polling/poll-loop.js'
import type { ProgressUpdate, Receipt, Registration, TaskEvent, TaskResult } from '../protocol/messages.js'
import { fullJitter } from '../transport/backoff.js'
import type { Logger } from '../utils/logger.js'
import { type Moves, States } from '../utils/states.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { HeartbeatLoop } from './heartbeat/heartbeat-loop.js'
import type { CommandSocket } from './socket/command-socket.js'
import { Uplink } from './socket/uplink.js'
import type { Watched } from './watchdog.js'

export interface ConnectionOptions {
  readonly orchestrator: Orchestrator
  /** What to register as at this moment. */
  readonly registration: () => Registration
  readonly log: Logger
  readonly makeHeartbeats: (calls: HeartbeatCalls) => HeartbeatLoop
  /** `source` is where the polls' tasks come from, and their results go to. */
  readonly makePolls: (source: TaskSource) => PollLoop
  /** `undefined` without one: nothing can be cancelled then, and progress is told to nobody. */
  readonly makeSocket: (source: TaskSource) => CommandSocket | undefined
  /** What has to be tried before each registration. */
  readonly beforeRegistering: (source: TaskSource) => Promise<void> | undefined
  /** Told of a token that is refused, and no more is asked then; absent where it is asked again. */
  readonly onUnauthorized: OnUnauthorized | undefined
  /** Makes another connection to the same orchestrator. */
  readonly standbyFor: (workerId: string, onUnauthorized: OnUnauthorized) => Connection
  readonly onRegistered: () => void
  readonly onRegistrationLost: () => void
  /** What is known of the orchestrator's health has changed, or has lasted. */
  readonly onHealth: () => void
  /** The orchestrator answers again: what waited for it may go. */
  readonly onRecovered: (source: TaskSource) => void
}

export type OnUnauthorized = (error: AuthError) => void

/** What heartbeats ask of their connection, and tell it. */
export interface HeartbeatCalls {
  /** Where the tasks come from that a heartbeat may cancel. */
  readonly source: TaskSource
  /** Whether tasks are wanted from this orchestrator at all. */
  readonly isUsed: () => boolean
  /** The orchestrator has no record of this worker any more. */
  readonly onUnknown: () => void
}

const BACKOFF = { baseMs: 1_000, capMs: 30_000 }
/** A refused token is not mended by asking again soon. */
const AUTH_BACKOFF = { baseMs: 30_000, capMs: 60_000 }
/** An orchestrator that takes registrations and loses them is not to be asked in a circle; longer than any pause. */
const LOST_AGAIN_MS = 60_000

/** Between two times that the end of an outage is told to all who wait for it. */
const RECOVERY_PAUSE_MS = 1_000

const MOVES: Moves<'unused' | 'registering' | 'registered' | 'closing' | 'closed'> = {
  unused: ['registering', 'closing'],
  registering: ['registered', 'unused', 'closing'],
  registered: ['registering', 'unused', 'closing'],
  closing: ['closed'],
  closed: [],
}

/**
 * Everything this worker keeps up towards one orchestrator.
 * `unused`: no task is asked for; before it is opened, and after it was left. What was open then ends by itself, and
 * results still go back · `registering`: until the orchestrator takes the registration, however long that is ·
 * `registered`: heartbeats and polls run; left when the orchestrator has forgotten the worker, or for another one ·
 * `closing`: polls end by themselves · `closed`: for good.
 */
export class Connection implements TaskSource, Watched {
  readonly #options: ConnectionOptions
  readonly #state = new States('The connection', 'unused', MOVES)
  readonly #heartbeats: HeartbeatLoop
  readonly #polls: PollLoop
  readonly #socket: CommandSocket | undefined
  readonly #uplink: Uplink
  #health = UNTRIED
  #recoveredMs = Number.NEGATIVE_INFINITY
  #failures = 0
  /** How often the record was lost in short order, and when it was last. */
  #losses = 0
  #lostMs = Number.NEGATIVE_INFINITY
  #retry: Timer | undefined
  #trouble: string | undefined = 'no answer to the registration yet'

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#heartbeats = options.makeHeartbeats({
      source: this,
      isUsed: () => this.#state.now !== 'unused',
      onUnknown: () => this.#forgotten(),
    })
    this.#polls = options.makePolls(this)
    this.#socket = options.makeSocket(this)
    const { orchestrator, log } = options
    this.#uplink = new Uplink({ orchestrator, socket: this.#socket, log })
  }

  /** How the orchestrator does, by all that was asked of it. */
  get health(): Health {
    return this.#health
  }

  /** Why no task can come from here at present; `undefined` when all is well. */
  get trouble(): string | undefined {
    if (this.#state.now !== 'registered')
      return `not registered with ${this.url}: ${this.#trouble ?? this.#state.now}`
    return this.#polls.trouble === undefined ? undefined : `polls of ${this.url} fail: ${this.#polls.trouble}`
  }

  get url(): string {
    return this.#options.orchestrator.url
  }

  get workerId(): string {
    return this.#options.orchestrator.workerId
  }

  standbyFor(workerId: string, onUnauthorized: OnUnauthorized): Connection {
    return this.#options.standbyFor(workerId, onUnauthorized)
  }

  /** Whether tasks are wanted from here. */
  get isUsed(): boolean {
    return this.#state.now === 'registering' || this.#state.now === 'registered'
  }

  /** Takes a result. One that makes the orchestrator look for an idle worker waits until it knows of this one. */
  deliver(result: TaskResult): Promise<Receipt> {
    const { orchestrator } = this.#options
    const { outcome } = result
    if (outcome.kind !== 'failure' || orchestrator.isFinal(outcome.error.code))
      return orchestrator.deliver(result)
    return this.#heartbeats.upToDate().then(() => orchestrator.deliver(result))
  }

  get pollsEnded(): number {
    return this.#polls.ended
  }

  get awaitsPoll(): boolean {
    return this.#polls.awaits
  }

  progress(update: ProgressUpdate): void {
    this.#uplink.progress(update)
  }

  emit(event: TaskEvent): void {
    this.#uplink.emit(event)
  }

  settle(taskId: string): void {
    this.#uplink.settle(taskId)
  }

  quietMs(kind: 'result'): number {
    return this.#options.orchestrator.quietMs(kind)
  }

  isLimited(kind: 'result'): boolean {
    return this.#options.orchestrator.isLimited(kind)
  }

  /** Resolves when the first try to register is over. */
  open(): Promise<void> {
    this.#state.move('registering')
    return this.#register()
  }

  /** Resolves when the orchestrator knows what this worker can take. */
  untilKnown(): Promise<void> {
    return this.#heartbeats.untilKnown()
  }

  /**
   * Asks for no more tasks: the orchestrator is told that this worker is busy, and polls end once nothing is left behind.
   * What runs goes on, and results still go back.
   */
  async leave(): Promise<void> {
    if (!this.isUsed) return
    this.#state.move('unused')
    this.#retry?.cancel()
    this.#heartbeats.stop()
    const told = this.#heartbeats.now()
    // Until the orchestrator knows, it may queue something for the next poll.
    if (this.#health.up) await told
    if (this.#state.now === 'unused') this.#polls.windDown()
  }

  /** Asks an orchestrator that was left how it does; a heartbeat that says `busy` brings no task. */
  ask(): void {
    if (this.#state.now === 'unused') this.#heartbeats.ask()
  }

  /** What the end of a request has shown goes for everything that is kept up. */
  recordFact(kind: RequestKind, fact: Fact): void {
    const before = this.#health
    this.#health = healthAfter(before, kind, fact, monotonicMs())
    if (endsFailure(before, this.#health)) this.#recovered(kind)
    // While it is aside, time counts too.
    if (this.#health !== before || this.#state.now === 'unused') this.#options.onHealth()
  }

  reconnect(): void {
    this.#options.orchestrator.reconnect()
  }

  registerAgain(): void {
    if (this.#state.now !== 'registered') return
    this.#state.move('registering')
    this.#heartbeats.stop()
    void this.#register()
  }

  /** Finds out at once whether the orchestrator still knows this worker. */
  check(): void {
    if (this.#state.now !== 'registered') return
    this.#options.orchestrator.suspect()
    void this.#heartbeats.now()
  }

  /** Tells the orchestrator not to send more, and resolves when the open polls have ended. */
  async drain(): Promise<void> {
    const wasRegistered = this.#state.now === 'registered'
    this.#state.move('closing')
    this.#retry?.cancel()
    this.#socket?.drain()
    if (wasRegistered) void this.#heartbeats.now()
    await this.#polls.drain()
  }

  /** Calls off the polls that are still open. */
  abortPolls(): void {
    this.#polls.abort()
  }

  async close(): Promise<void> {
    this.#state.move('closed')
    this.#heartbeats.stop()
    this.#uplink.close()
    await this.#socket?.stop()
    await this.#options.orchestrator.close()
  }

  async #register(): Promise<void> {
    const { orchestrator, registration } = this.#options
    try {
      await this.#options.beforeRegistering(this)
      if (this.#state.now !== 'registering') return
      await orchestrator.register(registration())
      if (this.#state.now === 'registering') this.#registered()
    } catch (error) {
      if (this.#state.now === 'registering') this.#refused(error as Error)
    }
  }

  #registered(): void {
    this.#failures = 0
    this.#trouble = undefined
    this.#state.move('registered')
    this.#options.onRegistered()
    this.#heartbeats.start()
    this.#socket?.open()
    this.#polls.start()
    this.#options.onRecovered(this)
  }

  #refused(error: Error): void {
    const { onUnauthorized } = this.#options
    if (onUnauthorized && error instanceof AuthError) {
      this.#state.move('unused')
      onUnauthorized(error)
      return
    }
    this.#failures++
    if (this.#trouble !== error.message) this.#tell(error)
    this.#trouble = error.message
    this.#retry = after(this.#pauseAfter(error), () => void this.#register())
  }

  #pauseAfter(error: Error): number {
    if (error instanceof RateLimitError) return this.#options.orchestrator.quietMs('registration')
    return fullJitter(error instanceof AuthError ? AUTH_BACKOFF : BACKOFF, this.#failures, Math.random())
  }

  #tell(error: Error): void {
    const { log, orchestrator } = this.#options
    const fields = { orchestrator: orchestrator.url, err: error }
    if (error instanceof AuthError)
      log.error(fields, 'the orchestrator refuses the token: check WORKER_TOKEN or WORKER_INDIVIDUAL_TOKEN')
    else log.warn(fields, 'the orchestrator cannot be registered with yet; trying again')
  }

  /** A heartbeat found no record: its time to live ran out, or the orchestrator's storage is new. */
  #forgotten(): void {
    if (this.#state.now !== 'registered') return
    this.#state.move('registering')
    this.#heartbeats.stop()
    this.#options.onRegistrationLost()
    const nowMs = monotonicMs()
    this.#losses = nowMs - this.#lostMs < LOST_AGAIN_MS ? this.#losses + 1 : 0
    this.#lostMs = nowMs
    if (this.#losses === 0) void this.#register()
    else this.#retry = after(fullJitter(BACKOFF, this.#losses, Math.random()), () => void this.#register())
  }

  /** Whoever waits for an outage to end need not wait any longer. It may have come back with an empty storage, too. */
  #recovered(kind: RequestKind): void {
    const nowMs = monotonicMs()
    if (nowMs - this.#recoveredMs < RECOVERY_PAUSE_MS) return
    this.#recoveredMs = nowMs
    if (this.#state.now === 'registered') {
      if (kind !== 'heartbeat') void this.#heartbeats.now()
      if (kind !== 'poll') this.#polls.retry()
      this.#socket?.open()
    }
    this.#options.onRecovered(this)
  }
}

const endsFailure = (before: Health, now: Health): boolean =>
  before !== UNTRIED && before.answersSinceMs === undefined && now.answersSinceMs !== undefined
