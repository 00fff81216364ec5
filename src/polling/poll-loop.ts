import { AuthError, RateLimitError, UnreachableError } from '../errors.js'
import type { Poller } from '../journal/journal.js'
import type { PollEnd } from '../journal/poll-mark.js'
import type { Orchestrator } from '../orchestrators/orchestrator.js'
import type { TaskOffer } from '../protocol/messages.js'
import { fullJitter } from '../transport/backoff.js'
import { CancelGroup } from '../transport/cancel-group.js'
import { Bag, type Bagged } from '../utils/bag.js'
import { Condition } from '../utils/condition.js'
import type { Logger } from '../utils/logger.js'
import { type Moves, States } from '../utils/states.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import { afterEmpty, afterTask, ONE_POLL, type PollPace } from './poll-pace.js'
import type { PollSeat, PollTurn } from './poll-turn.js'

/** Where polls leave what they bring. */
export interface PollGate {
  /** The poll ended without a task; after how many ms it came back empty. */
  unreserve(emptyAfterMs?: number): void
  /** Whether a task could be taken at present. */
  hasRoom(): boolean
  /** The poll brought a task, which takes the reserved slot, and had been open for that long, in ms. */
  offered(offer: TaskOffer, elapsedMs: number): void
}

/** Where it is written down that the orchestrator may hold a poll; a promise where something is being written. */
export interface PollJournal {
  pollOpened(from: Poller): Promise<void> | undefined
  pollEnded(from: Poller, end: PollEnd): void
}

export interface PollLoopOptions {
  readonly orchestrator: Pick<Orchestrator, keyof Poller | 'poll' | 'quietMs'>
  readonly gate: PollGate
  /** Where polls get their slots, in competition with those of other orchestrators. */
  readonly turn: PollTurn
  readonly weight: number
  readonly journal: PollJournal
  readonly log: Logger
  readonly maxPolls: number
  readonly idleDelayMs: number
  readonly errorDelayMs: number
}

interface OpenPoll extends Bagged {
  readonly openedMs: number
}

/** Whatever the base, nobody waits longer than this after an error. */
const LONGEST_ERROR_PAUSE_MS = 60_000
/** A refused token is not mended by asking again soon. */
const AUTH_PAUSE_MS = 30_000

const MOVES: Moves<'stopped' | 'polling' | 'windingDown' | 'draining'> = {
  stopped: ['polling', 'draining'],
  polling: ['windingDown', 'draining'],
  windingDown: ['polling', 'stopped', 'draining'],
  draining: [],
}

/**
 * Long polls to one orchestrator: as many as work and free slots call for, never in a busy loop.
 * `stopped`: none is opened · `polling`: polls are opened · `windingDown`: one at a time, until one comes back empty, so that
 * nothing is left behind that was meant for this worker · `draining`: the open ones are left to end.
 * Whatever an open poll brings is passed on, in every state.
 */
export class PollLoop implements PollSeat {
  readonly #options: PollLoopOptions
  readonly #state = new States('The poll loop', 'stopped', MOVES)
  readonly #allEnded = new Condition()
  readonly #cancelGroup = new CancelGroup()
  readonly #open = new Bag<OpenPoll>()
  #ended = 0
  #pace: PollPace = ONE_POLL
  #pause: Timer | undefined
  #failures = 0
  /** The last poll had no answer at all. */
  #isAway = false
  #trouble: string | undefined

  constructor(options: PollLoopOptions) {
    this.#options = options
  }

  /** Why polls come to nothing at present; `undefined` while they are answered. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  get weight(): number {
    return this.#options.weight
  }

  get open(): number {
    return this.#open.size
  }

  get wants(): boolean {
    if (this.#pause) return false
    if (this.#state.now === 'polling') return this.#open.size < this.#pace.goal
    return this.#state.now === 'windingDown' && this.#open.size === 0
  }

  /** How many have ended so far, however they did. */
  get ended(): number {
    return this.#ended
  }

  /** Whether one is open, or could be. */
  get awaits(): boolean {
    const isPolling = this.#state.now === 'polling' && !this.#pause
    return isPolling && (this.#open.size > 0 || this.#options.gate.hasRoom())
  }

  openedBy(ms: number): number {
    let count = 0
    for (const { openedMs } of this.#open) if (openedMs <= ms) count++
    return count
  }

  start(): void {
    if (this.#state.now === 'polling') {
      this.retry()
      return
    }
    this.#state.move('polling')
    this.#failures = 0
    this.#trouble = undefined
    this.wake()
  }

  /** Something that polls depend on has changed: opens what may be open. */
  wake(): void {
    this.#options.turn.grant()
  }

  /** The orchestrator answers: an outage need not be waited for any longer. A stumble is none, nor is a poll that is refused. */
  retry(): void {
    if (!this.#isAway || this.#failures < 2 || this.#options.orchestrator.quietMs('poll') > 0) return
    this.#resume()
    this.wake()
  }

  /** Opens one at a time, and no more once one has come back empty or failed. */
  windDown(): void {
    if (this.#state.now !== 'polling') return
    this.#state.move('windingDown')
    if (this.#failures > 0) this.#windDownEnded()
    else this.wake()
  }

  /** Opens no more; resolves when the open ones have ended. */
  async drain(): Promise<void> {
    this.#state.move('draining')
    this.#resume()
    await this.#allEnded.until(() => this.#open.size === 0)
  }

  /** Calls off what is open. A task that is on its way in an aborted poll is lost to this worker. */
  abort(): void {
    this.#cancelGroup.cancelAll()
  }

  openOne(): void {
    void this.#poll()
  }

  async #poll(): Promise<void> {
    const poll: OpenPoll = { openedMs: monotonicMs(), place: -1 }
    const { orchestrator, journal, gate } = this.#options
    this.#open.add(poll)
    try {
      const written = journal.pollOpened(orchestrator)
      if (written) await written
      const offer = this.#isOver ? null : await orchestrator.poll(this.#cancelGroup)
      this.#open.delete(poll)
      journal.pollEnded(orchestrator, 'answered')
      this.#answered(offer, monotonicMs() - poll.openedMs)
    } catch (error) {
      this.#open.delete(poll)
      journal.pollEnded(orchestrator, endOf(error))
      gate.unreserve()
      this.#failed(error as Error)
    }
    this.#ended++
    this.#allEnded.notify()
    this.wake()
  }

  /** It was drained while it was written down that a poll is about to be opened. */
  get #isOver(): boolean {
    return this.#state.now === 'draining' || this.#state.now === 'stopped'
  }

  #answered(offer: TaskOffer | null, elapsedMs: number): void {
    this.#recover()
    const { gate, maxPolls, idleDelayMs } = this.#options
    if (offer) {
      this.#pace = afterTask(this.#pace, elapsedMs, maxPolls)
      gate.offered(offer, elapsedMs)
      return
    }
    gate.unreserve(elapsedMs)
    const { pauseMs, ...pace } = afterEmpty(this.#pace, elapsedMs, idleDelayMs)
    this.#pace = pace
    if (this.#state.now === 'windingDown') this.#windDownEnded()
    else this.#rest(pauseMs)
  }

  #failed(error: Error): void {
    if (this.#state.now === 'windingDown') this.#windDownEnded()
    if (this.#state.now !== 'polling') return
    this.#pace = ONE_POLL
    // Polls that were open together fail together: that is one failure.
    if (this.#pause) return
    this.#failures++
    this.#isAway = error instanceof UnreachableError
    this.#tell(error)
    this.#rest(this.#pauseAfter(error))
  }

  /** Nothing that was meant for this worker is left there, or nobody can be asked for it. */
  #windDownEnded(): void {
    this.#state.move('stopped')
    this.#resume()
  }

  #pauseAfter(error: Error): number {
    const { orchestrator, errorDelayMs } = this.#options
    if (error instanceof RateLimitError) return orchestrator.quietMs('poll')
    const baseMs = error instanceof AuthError ? Math.max(errorDelayMs, AUTH_PAUSE_MS) : errorDelayMs
    return fullJitter({ baseMs, capMs: LONGEST_ERROR_PAUSE_MS }, this.#failures, Math.random())
  }

  /** One line for each change, not one for each try. */
  #tell(error: Error): void {
    if (this.#trouble === error.message) return
    this.#trouble = error.message
    this.#options.log.warn(
      { orchestrator: this.#options.orchestrator.url, err: error },
      'no tasks can be fetched; trying again',
    )
  }

  #recover(): void {
    if (this.#failures === 0) return
    this.#failures = 0
    this.#trouble = undefined
    this.#options.log.info({ orchestrator: this.#options.orchestrator.url }, 'polls are answered again')
  }

  #rest(ms: number): void {
    if (this.#state.now !== 'polling') return
    this.#pause?.cancel()
    this.#pause = after(ms, () => {
      this.#pause = undefined
      this.wake()
    })
  }

  #resume(): void {
    this.#pause?.cancel()
    this.#pause = undefined
  }
}

const endOf = (error: unknown): PollEnd => {
  if (!(error instanceof UnreachableError)) return 'answered'
  return error.wasSent ? 'unanswered' : 'not sent'
}
