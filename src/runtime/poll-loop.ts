import { AuthError, RateLimitError } from '../errors.js'
import type { Orchestrator } from '../orchestrators/orchestrator.js'
import type { TaskOffer } from '../protocol/messages.js'
import { fullJitter } from '../transport/backoff.js'
import { sharedAbort } from '../transport/http.js'
import { Condition } from '../utils/condition.js'
import type { Logger } from '../utils/logger.js'
import { type Moves, States } from '../utils/states.js'
import { after, monotonicMs, type Timer } from '../utils/time.js'
import { afterEmpty, afterTask, ONE_POLL, type PollPace } from './poll-pace.js'

/** Where polls get their slots and leave what they bring. */
export interface PollGate {
  /** Reserves a slot; false while there is none to be had. */
  reserve(): boolean
  /** The poll ended without a task. */
  unreserve(): void
  /** The poll brought a task, which takes the reserved slot. */
  offered(offer: TaskOffer): void
}

export interface PollLoopOptions {
  readonly orchestrator: Pick<Orchestrator, 'url' | 'poll' | 'quietMs'>
  readonly gate: PollGate
  readonly log: Logger
  readonly maxPolls: number
  readonly idleDelayMs: number
  readonly errorDelayMs: number
  /** Polls are answered again after they were not. */
  readonly onRecovered: () => void
}

/** Whatever the base, nobody waits longer than this after an error. */
const LONGEST_ERROR_PAUSE_MS = 60_000
/** A refused token is not mended by asking again soon. */
const AUTH_PAUSE_MS = 30_000

const MOVES: Moves<'stopped' | 'polling' | 'draining'> = {
  stopped: ['polling'],
  polling: ['draining'],
  draining: ['stopped'],
}

/**
 * Long polls to one orchestrator: as many as work and free slots call for, never in a busy loop.
 * `stopped`: no poll is open · `polling`: polls are opened · `draining`: the open ones are left to end, and what they
 * bring is still passed on.
 */
export class PollLoop {
  readonly #options: PollLoopOptions
  readonly #state = new States('The poll loop', 'stopped', MOVES)
  readonly #ended = new Condition()
  readonly #abort = sharedAbort()
  #open = 0
  #pace: PollPace = ONE_POLL
  #pause: Timer | undefined
  #failures = 0
  #trouble: string | undefined

  constructor(options: PollLoopOptions) {
    this.#options = options
  }

  /** Why polls come to nothing at present; `undefined` while they are answered. */
  get trouble(): string | undefined {
    return this.#trouble
  }

  start(): void {
    this.#state.move('polling')
    this.wake()
  }

  /** Something that polls depend on has changed: opens what may be open. */
  wake(): void {
    if (this.#state.now !== 'polling' || this.#pause) return
    while (this.#open < this.#pace.goal && this.#options.gate.reserve()) void this.#poll()
  }

  /** Opens no more; resolves when the open ones have ended. */
  async drain(): Promise<void> {
    if (this.#state.now === 'polling') this.#state.move('draining')
    this.#resume()
    await this.#ended.until(() => this.#open === 0)
  }

  /** Calls off what is open. A task that is on its way in an aborted poll is lost to this worker. */
  abort(): void {
    this.#abort.abort()
  }

  async #poll(): Promise<void> {
    this.#open++
    const began = monotonicMs()
    try {
      const offer = await this.#options.orchestrator.poll(this.#abort.signal)
      this.#open--
      this.#answered(offer, monotonicMs() - began)
    } catch (error) {
      this.#open--
      this.#options.gate.unreserve()
      this.#failed(error as Error)
    }
    this.#ended.notify()
    this.wake()
  }

  #answered(offer: TaskOffer | null, elapsedMs: number): void {
    this.#recover()
    const { gate, maxPolls, idleDelayMs } = this.#options
    if (offer) {
      this.#pace = afterTask(this.#pace, elapsedMs, maxPolls)
      gate.offered(offer)
      return
    }
    gate.unreserve()
    const { pauseMs, ...pace } = afterEmpty(this.#pace, elapsedMs, idleDelayMs)
    this.#pace = pace
    this.#rest(pauseMs)
  }

  #failed(error: Error): void {
    if (this.#state.now !== 'polling') return
    this.#pace = ONE_POLL
    // Polls that were open together fail together: that is one failure.
    if (this.#pause) return
    this.#failures++
    this.#tell(error)
    this.#rest(this.#pauseAfter(error))
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
    this.#options.onRecovered()
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
