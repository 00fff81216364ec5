import { AuthError, RateLimitError } from '../errors.js'
import type { Orchestrator } from '../orchestrators/orchestrator.js'
import { troubleIn } from '../orchestrators/trouble.js'
import type { Registration } from '../protocol/messages.js'
import { fullJitter, REFUSED_TOKEN } from '../transport/backoff.js'
import { Condition } from '../utils/condition.js'
import type { Logger } from '../utils/logger.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import { type Moves, States } from '../utils/states.js'
import { monotonicMs } from '../utils/time.js'
import { TroubleLines } from '../utils/trouble-lines.js'
import { TOKEN_REFUSED } from './heartbeat/heartbeat-loop.js'

/** What the registration asks of its connection, and tells it. */
export interface RegistrationOwner {
  /** What to register as at this moment. */
  registration(): Registration
  /** Has to be tried before each registration. */
  beforeRegistering(): Promise<void> | undefined
  registered(): void
  /** The orchestrator has taken a registration that is not wanted any more. */
  takenTooLate(): Promise<void>
  /** The orchestrator refuses the token. Returns whether to retry. */
  unauthorized(error: AuthError): boolean
}

const BACKOFF = { baseMs: 1_000, capMs: 15_000 }
/** A registration that is lost again within this time, in ms, is retried with a backoff. Longer than any pause. */
const LOST_AGAIN_MS = 60_000

const MOVES: Moves<'unused' | 'registering' | 'registered' | 'closed'> = {
  unused: ['registering', 'closed'],
  registering: ['registered', 'unused', 'closed'],
  registered: ['registering', 'unused', 'closed'],
  closed: [],
}

/**
 * The registration of this worker with one orchestrator.
 *
 * - `unused`: not wanted: before the connection is opened, and after it was left.
 * - `registering`: tried until the orchestrator takes it, however long that is.
 * - `registered`: left when the orchestrator has forgotten this worker, or for another orchestrator.
 * - `closed`: for good.
 */
export class Registering {
  readonly #owner: RegistrationOwner
  readonly #orchestrator: Pick<Orchestrator, 'url' | 'register' | 'limits'>
  readonly #log: Logger
  readonly #state = new States('The registration', 'unused', MOVES)
  readonly #retry = new ResettableTimer()
  readonly #troubles = new TroubleLines()
  /** Grows with each attempt: the answer to an earlier attempt means nothing any more. */
  #attempt = 0
  /** How many attempts have no answer yet, whether they are wanted or not. */
  #underWay = 0
  readonly #answered = new Condition()
  #failures = 0
  /** How often in a row the registration was lost soon after it was taken, and when it was last lost. */
  #losses = 0
  #lostMs = Number.NEGATIVE_INFINITY
  #failure: Error | undefined
  #isTaken = false
  /** Whether the orchestrator still has the last registration. */
  #isRenewing = false

  constructor(
    owner: RegistrationOwner,
    orchestrator: Pick<Orchestrator, 'url' | 'register' | 'limits'>,
    log: Logger,
  ) {
    this.#owner = owner
    this.#orchestrator = orchestrator
    this.#log = log
  }

  get state(): 'unused' | 'registering' | 'registered' | 'closed' {
    return this.#state.now
  }

  /** Why the last attempt failed; `undefined` before its end, and after a success. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** Why this worker is not registered; `undefined` while it is. Has no text of the orchestrator. */
  get trouble(): string | undefined {
    if (this.isKnown) return undefined
    if (this.#failure) return troubleIn(this.#failure)
    return this.#isTaken ? this.#state.now : 'no answer to the registration yet'
  }

  /** Whether the orchestrator has a registration of this worker, as far as this worker knows. */
  get isKnown(): boolean {
    return this.#state.now === 'registered' || this.#isRenewing
  }

  /** Registers. Resolves when the first attempt is over. */
  begin(): Promise<void> {
    this.#state.move('registering')
    return this.#try()
  }

  /** Registers again although the orchestrator has not said that it forgot this worker. */
  again(): void {
    this.#state.move('registering')
    this.#isRenewing = true
    void this.#try()
  }

  /** Registers again because the orchestrator has no record of this worker: it expired, or the storage is new. */
  lost(): void {
    this.#state.move('registering')
    const nowMs = monotonicMs()
    this.#losses = nowMs - this.#lostMs < LOST_AGAIN_MS ? this.#losses + 1 : 0
    this.#lostMs = nowMs
    // An orchestrator that takes registrations and loses them must not be asked in a loop.
    if (this.#losses === 0) void this.#try()
    else this.#retryAfter(fullJitter(BACKOFF, this.#losses, Math.random()))
  }

  /** The registration is not wanted any more. */
  leave(): void {
    this.#isRenewing = false
    this.#state.move('unused')
    this.#retry.cancel()
  }

  close(): void {
    this.#isRenewing = false
    if (this.#state.now !== 'closed') this.#state.move('closed')
    this.#retry.cancel()
  }

  /** Resolves when no request is under way, and the orchestrator knows if one came too late. */
  settled(): Promise<void> {
    return this.#answered.until(() => this.#underWay === 0)
  }

  async #try(): Promise<void> {
    const attempt = ++this.#attempt
    const isCurrent = () => attempt === this.#attempt && this.#state.now === 'registering'
    this.#retry.cancel()
    try {
      await this.#owner.beforeRegistering()
      if (!isCurrent()) return
      await this.#register()
    } catch (error) {
      if (isCurrent()) this.#refused(error as Error)
      return
    }
    if (isCurrent()) this.#taken()
  }

  async #register(): Promise<void> {
    this.#underWay++
    try {
      await this.#orchestrator.register(this.#owner.registration())
      const isWanted = this.#state.now === 'registering' || this.#state.now === 'registered'
      if (!isWanted) await this.#owner.takenTooLate()
    } finally {
      this.#underWay--
      this.#answered.notify()
    }
  }

  #taken(): void {
    this.#isRenewing = false
    this.#failures = 0
    this.#failure = undefined
    this.#troubles.over()
    this.#isTaken = true
    this.#state.move('registered')
    this.#owner.registered()
  }

  #refused(error: Error): void {
    this.#isRenewing = false
    if (error instanceof AuthError && !this.#owner.unauthorized(error)) {
      this.#state.move('unused')
      return
    }
    this.#failures++
    if (this.#troubles.isNew(error.message)) this.#logTrouble(error)
    this.#failure = error
    this.#retryAfter(this.#pauseAfter(error))
  }

  #retryAfter(ms: number): void {
    this.#retry.set(ms, () => void this.#try())
  }

  #pauseAfter(error: Error): number {
    if (error instanceof RateLimitError) return this.#orchestrator.limits.quietMs('registration')
    return fullJitter(error instanceof AuthError ? REFUSED_TOKEN : BACKOFF, this.#failures, Math.random())
  }

  #logTrouble(error: Error): void {
    const fields = { orchestrator: this.#orchestrator.url, err: error }
    if (error instanceof AuthError) this.#log.error(fields, TOKEN_REFUSED)
    else this.#log.warn(fields, 'Registration failed: the worker retries')
  }
}
