import { AuthError, RateLimitError, UnknownWorkerError } from '../../errors.js'
import type { Orchestrator } from '../../orchestrators/orchestrator.js'
import type { Heartbeat, Usage } from '../../protocol/messages.js'
import { fullJitter } from '../../transport/backoff.js'
import { Condition } from '../../utils/condition.js'
import type { Logger } from '../../utils/logger.js'
import { after, type Timer } from '../../utils/time.js'
import type { Wake } from '../../utils/wake.js'

export interface HeartbeatLoopOptions {
  readonly orchestrator: Pick<Orchestrator, 'url' | 'heartbeat' | 'takesUsage' | 'urgent' | 'quietMs'>
  /** What to say at this moment. */
  readonly describe: () => Heartbeat
  /** How much of the machine is in use; the same object while that is nothing new. */
  readonly usage: () => Usage
  readonly intervalMs: number
  readonly debounceMs: number
  readonly log: Logger
  /** What a heartbeat tells may have changed at each trigger. */
  readonly wake: Wake
  /** The orchestrator has no record of this worker any more. */
  readonly onUnknown: () => void
  /** The orchestrator has cancelled a task, or the job it is of. */
  readonly onCancelled: (id: string) => void
}

/** The first retry of a heartbeat that was not answered; later ones wait up to the interval. */
const RETRY_MS = 1_000

/** Tells one orchestrator what this worker can take: at an interval, and soon after each change. */
export class HeartbeatLoop {
  readonly #options: HeartbeatLoopOptions
  #running = false
  #sending: Promise<void> | undefined
  #due: Timer | undefined
  #soon: Timer | undefined
  #failures = 0
  #trouble: string | undefined
  readonly #answered = new Condition()
  /** What the orchestrator knows, to keep quiet about a change that is none. */
  #told = ''
  #toldUsage: Usage | undefined

  constructor(options: HeartbeatLoopOptions) {
    this.#options = options
    options.wake.listen(() => this.changed())
  }

  start(): void {
    this.#running = true
    this.#told = ''
    this.#toldUsage = undefined
    void this.now()
  }

  stop(): void {
    this.#running = false
    this.#due?.cancel()
    this.#soon?.cancel()
    this.#soon = undefined
  }

  /** Something it tells has changed; several changes in a row are told together. */
  changed(): void {
    if (!this.#running || this.#soon || this.#failures > 0) return
    this.#soon = after(this.#options.debounceMs, () => {
      this.#soon = undefined
      if (this.#current() !== this.#told) void this.now()
    })
  }

  /**
   * Sends one at once, behind one that is under way; while the orchestrator wants silence, at its end, as what is sent then
   * only makes it longer. Never rejects.
   */
  async now(): Promise<void> {
    while (this.#sending) await this.#sending
    this.#due?.cancel()
    const quietMs = this.#options.orchestrator.quietMs('heartbeat')
    if (quietMs > 0) return this.#next(quietMs)
    this.#sending = this.#send()
    await this.#sending
  }

  /** As {@link now}, unless one is under way. */
  ask(): void {
    if (!this.#sending) void this.now()
  }

  /** Resolves when the orchestrator knows what there is to know, or did not take the one heartbeat that would tell it. */
  async upToDate(): Promise<void> {
    // One that is under way may tell it already, for many that wait for it.
    while (this.#sending) await this.#sending
    if (!this.#running || this.#failures > 0 || this.#current() === this.#told) return
    await this.now()
  }

  /** Resolves when the orchestrator knows what there is to know, however long that takes. */
  async untilKnown(): Promise<void> {
    await this.upToDate()
    await this.#answered.until(() => this.#current() === this.#told)
  }

  async #send(): Promise<void> {
    const { orchestrator, describe } = this.#options
    const heartbeat = describe()
    const usage = orchestrator.takesUsage ? this.#options.usage() : undefined
    const isNews = usage && usage !== this.#toldUsage
    try {
      const cancelled = await orchestrator.heartbeat(isNews ? { ...heartbeat, usage } : heartbeat)
      this.#told = this.#urgent(heartbeat)
      this.#toldUsage = usage
      this.#failures = 0
      this.#trouble = undefined
      this.#next(this.#options.intervalMs)
      for (const id of cancelled) this.#options.onCancelled(id)
      this.#answered.notify()
    } catch (error) {
      this.#failed(error as Error)
    } finally {
      this.#sending = undefined
    }
    // What changed while this one was under way is not in it.
    if (this.#current() !== this.#told) this.changed()
  }

  #failed(error: Error): void {
    const { orchestrator, onUnknown } = this.#options
    if (!this.#running) return
    if (error instanceof UnknownWorkerError) {
      onUnknown()
      return
    }
    this.#failures++
    this.#tell(error)
    this.#next(error instanceof RateLimitError ? orchestrator.quietMs('heartbeat') : this.#pauseAfter(error))
  }

  /** A refused token is not mended by asking again soon. */
  #pauseAfter(error: Error): number {
    const { intervalMs } = this.#options
    if (error instanceof AuthError) return intervalMs
    return fullJitter({ baseMs: RETRY_MS, capMs: intervalMs }, this.#failures, Math.random())
  }

  /** One line for each change, not one for each try. */
  #tell(error: Error): void {
    if (this.#trouble === error.message) return
    this.#trouble = error.message
    const { orchestrator, log } = this.#options
    const fields = { orchestrator: orchestrator.url, err: error }
    if (error instanceof AuthError)
      log.error(fields, 'the orchestrator refuses the token: check WORKER_TOKEN or WORKER_INDIVIDUAL_TOKEN')
    else log.warn(fields, 'a heartbeat failed; trying again')
  }

  #next(ms: number): void {
    if (this.#running) this.#due = after(ms, () => void this.now())
  }

  #current(): string {
    return this.#urgent(this.#options.describe())
  }

  #urgent(heartbeat: Heartbeat): string {
    return JSON.stringify(this.#options.orchestrator.urgent(heartbeat))
  }
}
