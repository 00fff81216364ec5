import { AuthError, RateLimitError, UnknownWorkerError } from '../../errors.js'
import type { Orchestrator } from '../../orchestrators/orchestrator.js'
import type { Heartbeat, Usage } from '../../protocol/messages.js'
import type { Protocol } from '../../protocol/protocol.js'
import type { Settings } from '../../settings.js'
import { fullJitter } from '../../transport/backoff.js'
import { Condition } from '../../utils/condition.js'
import type { Logger } from '../../utils/logger.js'
import { ResettableTimer } from '../../utils/resettable-timer.js'
import { TroubleLines } from '../../utils/trouble-lines.js'
import type { Wake } from '../../utils/wake.js'

/** What heartbeats ask of their connection, and tell it. */
export interface HeartbeatOwner {
  /** What to tell the orchestrator at this moment. */
  describe(): Heartbeat
  /** The orchestrator has no record of this worker. */
  forgotten(): void
  /** The orchestrator has cancelled a task, or the job of a task. */
  cancelled(id: string): void
}

/** What the heartbeats of all orchestrators share. */
export interface Heartbeating {
  readonly settings: Pick<Settings, 'heartbeatIntervalMs' | 'heartbeatDebounceMs'>
  /** How much of the machine is in use; `undefined` if unknown. The object stays the same while nothing worth telling has changed. */
  readonly machine: { readonly usage: Usage | undefined }
  /** At each trigger, what a heartbeat tells may have changed. */
  readonly wake: Wake
  readonly log: Logger
}

type HeartbeatOrchestrator = Pick<Orchestrator, 'url' | 'heartbeat' | 'limits'> & {
  readonly protocol: Pick<Protocol, 'takesUsage' | 'urgent'>
}

/** The first retry of a heartbeat that was not answered, in ms. Later retries wait up to the interval. */
const RETRY_MS = 1_000

/** Tells one orchestrator what this worker can take: at an interval, and soon after each change. */
export class HeartbeatLoop {
  readonly #orchestrator: HeartbeatOrchestrator
  readonly #owner: HeartbeatOwner
  readonly #shared: Heartbeating
  /** Grows with each start and stop: answers that belong to an earlier round mean nothing any more. */
  #round = 0
  #running = false
  #sending: Promise<void> | undefined
  readonly #interval = new ResettableTimer()
  readonly #debounce = new ResettableTimer()
  #failures = 0
  readonly #troubles = new TroubleLines()
  readonly #answered = new Condition()
  /** How many heartbeats were sent, and the number of the last one that the orchestrator has taken. */
  #sent = 0
  #lastTaken = 0
  /** The urgent part of the last heartbeat that the orchestrator has taken. A change that is none is not sent. */
  #known = ''
  #knownUsage: Usage | undefined

  constructor(orchestrator: HeartbeatOrchestrator, owner: HeartbeatOwner, shared: Heartbeating) {
    this.#orchestrator = orchestrator
    this.#owner = owner
    this.#shared = shared
    shared.wake.listen(() => this.#changed())
  }

  /** Whether the orchestrator has taken a heartbeat since the start. */
  get isHeard(): boolean {
    return this.#known !== ''
  }

  start(): void {
    this.#round++
    this.#running = true
    this.#known = ''
    this.#knownUsage = undefined
    void this.now()
  }

  stop(): void {
    this.#round++
    this.#running = false
    this.#interval.cancel()
    this.#debounce.cancel()
  }

  /**
   * Sends a heartbeat at once, after a heartbeat that is under way. If the orchestrator has asked for silence, the
   * heartbeat waits for its end: an earlier one would only prolong it. Never rejects.
   */
  async now(): Promise<void> {
    while (this.#sending) await this.#sending
    this.#interval.cancel()
    const quietMs = this.#orchestrator.limits.quietMs('heartbeat')
    if (quietMs > 0) return this.#next(quietMs)
    this.#sending = this.#send()
    await this.#sending
  }

  /** Sends a heartbeat at once, unless one is under way. */
  ask(): void {
    if (!this.#sending) void this.now()
  }

  /** Resolves when the orchestrator is up to date, or did not take the heartbeat that would bring it up to date. */
  async upToDate(): Promise<void> {
    // A heartbeat that is under way may be enough, for many who wait for it.
    while (this.#sending) await this.#sending
    if (!this.#running || this.#failures > 0 || this.#isKnown()) return
    await this.now()
  }

  /** Resolves when the orchestrator is up to date, however long that takes. */
  async untilKnown(): Promise<void> {
    await this.upToDate()
    await this.#answered.until(() => this.#isKnown())
  }

  /** Sends a heartbeat at once. Resolves when the orchestrator has taken it or a later one, however long that takes. */
  async announce(): Promise<void> {
    const before = this.#sent
    void this.now()
    await this.#answered.until(() => this.#lastTaken > before)
  }

  /** Changes in a row are sent together. */
  #changed(): void {
    if (!this.#running || this.#debounce.isSet || this.#failures > 0) return
    this.#debounce.set(this.#shared.settings.heartbeatDebounceMs, () => {
      if (!this.#isKnown()) void this.now()
    })
  }

  async #send(): Promise<void> {
    const round = this.#round
    const number = ++this.#sent
    const heartbeat = this.#owner.describe()
    const usage = this.#orchestrator.protocol.takesUsage ? this.#shared.machine.usage : undefined
    const isNews = usage && usage !== this.#knownUsage
    let cancelled: readonly string[] = []
    try {
      cancelled = await this.#orchestrator.heartbeat(isNews ? { ...heartbeat, usage } : heartbeat)
      if (round === this.#round) this.#taken(heartbeat, usage, number)
    } catch (error) {
      if (round === this.#round) this.#failed(error as Error)
    }
    this.#sending = undefined
    for (const id of cancelled) this.#owner.cancelled(id)
    // A change that came while this heartbeat was under way is not in it.
    if (!this.#isKnown()) this.#changed()
  }

  #taken(heartbeat: Heartbeat, usage: Usage | undefined, number: number): void {
    this.#lastTaken = number
    this.#known = this.#urgent(heartbeat)
    this.#knownUsage = usage
    this.#failures = 0
    this.#troubles.over()
    this.#next(this.#shared.settings.heartbeatIntervalMs)
    this.#answered.notify()
  }

  #failed(error: Error): void {
    if (!this.#running) return
    if (error instanceof UnknownWorkerError) {
      this.#owner.forgotten()
      return
    }
    this.#failures++
    this.#logTrouble(error)
    this.#next(this.#pauseAfter(error))
  }

  #pauseAfter(error: Error): number {
    const { heartbeatIntervalMs } = this.#shared.settings
    if (error instanceof RateLimitError) return this.#orchestrator.limits.quietMs('heartbeat')
    // An early retry would be refused as well.
    if (error instanceof AuthError) return heartbeatIntervalMs
    return fullJitter({ baseMs: RETRY_MS, capMs: heartbeatIntervalMs }, this.#failures, Math.random())
  }

  /** Logs each change once, not each attempt. */
  #logTrouble(error: Error): void {
    if (!this.#troubles.isNew(error.message)) return
    const fields = { orchestrator: this.#orchestrator.url, err: error }
    const { log } = this.#shared
    if (error instanceof AuthError) log.error(fields, TOKEN_REFUSED)
    else log.warn(fields, 'Heartbeat failed: the worker retries')
  }

  #next(ms: number): void {
    if (this.#running) this.#interval.set(ms, () => void this.now())
  }

  #isKnown(): boolean {
    return this.#urgent(this.#owner.describe()) === this.#known
  }

  #urgent(heartbeat: Heartbeat): string {
    return JSON.stringify(this.#orchestrator.protocol.urgent(heartbeat))
  }
}

export const TOKEN_REFUSED =
  'Token refused by the orchestrator: check WORKER_TOKEN or WORKER_INDIVIDUAL_TOKEN'
