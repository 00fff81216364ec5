import { AuthError, DowngradeError, RateLimitError, UnreachableError } from '../errors.js'
import type { RateLimits } from '../orchestrators/requests.js'
import { fullJitter, REFUSED_TOKEN } from '../transport/backoff.js'
import type { Logger } from '../utils/logger.js'
import { TroubleLines } from '../utils/trouble-lines.js'

/** The longest pause after an error, in ms, whatever `TASK_POLL_ERROR_DELAY` says. */
const MAX_ERROR_PAUSE_MS = 60_000

/** The polls in a row that failed, and why. */
export class PollTrouble {
  readonly #orchestrator: { readonly url: string; readonly limits: RateLimits }
  readonly #log: Logger
  readonly #lines = new TroubleLines()
  #failures = 0
  #error: Error | undefined

  constructor(orchestrator: { readonly url: string; readonly limits: RateLimits }, log: Logger) {
    this.#orchestrator = orchestrator
    this.#log = log
  }

  /** How many polls in a row have failed. Polls that failed together count as one. */
  get failures(): number {
    return this.#failures
  }

  /** Why the last poll failed; `undefined` while polls are answered. */
  get error(): Error | undefined {
    return this.#error
  }

  /** Whether the last poll got no answer at all, or was not sent. */
  get isAway(): boolean {
    return this.#error instanceof UnreachableError || this.#error instanceof DowngradeError
  }

  /** Logs each change once, not each attempt. */
  note(error: Error): void {
    this.#failures++
    this.#error = error
    if (!this.#lines.isNew(error.message)) return
    const fields = { orchestrator: this.#orchestrator.url, err: error }
    this.#log.warn(fields, 'Poll failed: the worker gets no tasks from this orchestrator and retries')
  }

  /** How long to wait before the next poll, in ms. */
  pauseMs(pollErrorDelayMs: number): number {
    if (this.#error instanceof RateLimitError) return this.#orchestrator.limits.quietMs('poll')
    const backoff =
      this.#error instanceof AuthError
        ? REFUSED_TOKEN
        : { baseMs: pollErrorDelayMs, capMs: MAX_ERROR_PAUSE_MS }
    return fullJitter(backoff, this.#failures, Math.random())
  }

  /** A poll was answered. */
  recover(): void {
    if (this.#failures === 0) return
    this.forget()
    this.#log.info({ orchestrator: this.#orchestrator.url }, 'Polls are answered again')
  }

  forget(): void {
    this.#failures = 0
    this.#error = undefined
    this.#lines.over()
  }
}
