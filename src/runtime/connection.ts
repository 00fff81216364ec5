import { AuthError, INVALID_INPUT_ERROR, PERMANENT_ERROR, RateLimitError } from '../errors.js'
import type { Orchestrator } from '../orchestrators/orchestrator.js'
import type { Outcome, ProgressUpdate, Registration, TaskResult } from '../protocol/messages.js'
import { fullJitter } from '../transport/backoff.js'
import type { Logger } from '../utils/logger.js'
import { type Moves, States } from '../utils/states.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import type { CommandSocket } from './command-socket.js'
import type { HeartbeatLoop } from './heartbeat-loop.js'
import type { PollLoop } from './poll-loop.js'
import type { TaskSource } from './tasks-in-hand.js'

export interface ConnectionOptions {
  readonly orchestrator: Orchestrator
  readonly registration: Registration
  readonly log: Logger
  readonly makeHeartbeats: (onUnknown: () => void) => HeartbeatLoop
  /** `source` is where the polls' tasks come from, and their results go to. */
  readonly makePolls: (source: TaskSource, onRecovered: () => void) => PollLoop
  /** `undefined` without one: nothing can be cancelled then, and progress is told to nobody. */
  readonly makeSocket: (source: TaskSource) => CommandSocket | undefined
  readonly onRegistered: () => void
  readonly onRegistrationLost: () => void
  /** The orchestrator answers again: what waited for it may go. */
  readonly onRecovered: (source: TaskSource) => void
}

const BACKOFF = { baseMs: 1_000, capMs: 30_000 }
/** A refused token is not mended by asking again soon. */
const AUTH_BACKOFF = { baseMs: 30_000, capMs: 60_000 }
/** An orchestrator that takes registrations and loses them is not to be asked in a circle; longer than any pause. */
const LOST_AGAIN_MS = 60_000

const MOVES: Moves<'closed' | 'registering' | 'registered' | 'closing'> = {
  closed: ['registering'],
  registering: ['registered', 'closing'],
  registered: ['registering', 'closing'],
  closing: ['closed'],
}

/**
 * Everything this worker keeps up towards one orchestrator.
 * `closed`: nothing is sent · `registering`: until the orchestrator takes the registration, however long that is ·
 * `registered`: heartbeats and polls run; left when the orchestrator has forgotten the worker · `closing`: polls end by
 * themselves.
 */
export class Connection implements TaskSource {
  readonly #options: ConnectionOptions
  readonly #state = new States('The connection', 'closed', MOVES)
  readonly #heartbeats: HeartbeatLoop
  readonly #polls: PollLoop
  readonly #socket: CommandSocket | undefined
  #polling = false
  #failures = 0
  /** How often the record was lost in short order, and when it was last. */
  #losses = 0
  #lostMs = Number.NEGATIVE_INFINITY
  #retry: Timer | undefined
  #trouble: string | undefined = 'no answer to the registration yet'

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#heartbeats = options.makeHeartbeats(() => this.#forgotten())
    this.#polls = options.makePolls(this, () => this.#recovered())
    this.#socket = options.makeSocket(this)
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

  /** Takes a result. One that makes the orchestrator look for an idle worker waits until it knows of this one. */
  deliver(result: TaskResult): Promise<void> {
    const { orchestrator } = this.#options
    if (!mayBeDispatchedAgain(result.outcome)) return orchestrator.deliver(result)
    return this.#heartbeats.upToDate().then(() => orchestrator.deliver(result))
  }

  progress(update: ProgressUpdate): void {
    this.#socket?.report(update)
  }

  settle(taskId: string): void {
    this.#socket?.settle(taskId)
  }

  quietMs(kind: 'result'): number {
    return this.#options.orchestrator.quietMs(kind)
  }

  isLimited(kind: 'result'): boolean {
    return this.#options.orchestrator.isLimited(kind)
  }

  open(): void {
    this.#state.move('registering')
    void this.#register()
  }

  /** A slot, a hot model or anything else that the orchestrator is told has changed. */
  changed(): void {
    this.#heartbeats.changed()
    this.#polls.wake()
  }

  /** Tells the orchestrator not to send more, and resolves when the open polls have ended. */
  async drain(): Promise<void> {
    const wasRegistered = this.#state.now === 'registered'
    this.#state.move('closing')
    this.#retry?.cancel()
    this.#socket?.drain()
    if (wasRegistered) void this.#heartbeats.now()
    if (this.#polling) await this.#polls.drain()
  }

  /** Calls off the polls that are still open. */
  abortPolls(): void {
    this.#polls.abort()
  }

  async close(): Promise<void> {
    this.#state.move('closed')
    this.#heartbeats.stop()
    await this.#socket?.stop()
    await this.#options.orchestrator.close()
  }

  async #register(): Promise<void> {
    const { orchestrator, registration } = this.#options
    try {
      await orchestrator.register(registration)
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
    if (this.#polling) this.#polls.wake()
    else this.#polls.start()
    this.#polling = true
    this.#options.onRecovered(this)
  }

  #refused(error: Error): void {
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

  /** It may have come back with an empty storage: a heartbeat finds out at once. */
  #recovered(): void {
    if (this.#state.now === 'registered') {
      void this.#heartbeats.now()
      this.#socket?.open()
    }
    this.#options.onRecovered(this)
  }
}

const FINAL_CODES: ReadonlySet<string> = new Set([PERMANENT_ERROR, INVALID_INPUT_ERROR])

const mayBeDispatchedAgain = (outcome: Outcome): boolean =>
  outcome.kind === 'failure' && !FINAL_CODES.has(outcome.error.code)
