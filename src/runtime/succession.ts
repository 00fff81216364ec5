import type { Logger } from '../utils/logger.js'
import { wallMs } from '../utils/time.js'
import type { Delivery } from './delivery.js'
import type { ResultSink } from './delivery-lane.js'
import type { Journal } from './journal/journal.js'
import type { OpenTask } from './journal/ledger.js'
import { heldForMs } from './journal/poll-mark.js'
import { PollFence } from './poll-fence.js'
import { Recovery } from './recovery.js'
import type { RuntimeSettings } from './settings.js'

export interface SuccessionOptions {
  readonly settings: Pick<RuntimeSettings, 'pollFence' | 'pollTimeoutMs'>
  readonly journal: Journal
  readonly delivery: Delivery
  readonly log: Logger
  /** An orchestrator may give tasks from now on. */
  readonly onChange: () => void
}

/** What a worker does about the worker before it: waits until its polls are over, and answers for its tasks. */
export class Succession {
  readonly #options: SuccessionOptions
  readonly #fence = new PollFence((url) => this.#over(url))
  /** The orchestrators that have this worker's registration, or had it once. */
  readonly #ready = new Set<string>()
  #recovery: Recovery | undefined

  constructor(options: SuccessionOptions) {
    this.#options = options
  }

  /** Why no task can be taken at present. */
  get trouble(): string | undefined {
    return this.#fence.isUpAnywhere ? 'a poll of an earlier worker of this id may still be held' : undefined
  }

  /** @param left - the tasks that are not settled */
  begin(left: readonly OpenTask[], sinks: readonly ResultSink[]): void {
    const { delivery, journal, log } = this.#options
    this.#recovery = new Recovery({ delivery, journal, sinks, log })
    for (const { url } of sinks) this.#raiseFence(url)
    this.#recovery.begin(left)
  }

  /** Whether a task from there would go to a poll that nobody reads. */
  isHeldOff(url: string): boolean {
    return this.#fence.isUp(url)
  }

  /** The orchestrator knows this worker. */
  ready({ url }: ResultSink): void {
    this.#ready.add(url)
    if (!this.#fence.isUp(url)) this.#recovery?.handBack(url)
  }

  /** A poll has brought a task: those that are older are over. */
  brought({ url }: ResultSink): void {
    this.#fence.lift(url)
  }

  close(): void {
    this.#fence.close()
    this.#recovery?.close()
  }

  #raiseFence(url: string): void {
    const { settings, journal, log } = this.#options
    const sinceMs = journal.heldSinceMs(url)
    if (!settings.pollFence || sinceMs === undefined) return
    const ms = heldForMs(sinceMs, wallMs(), settings.pollTimeoutMs)
    if (ms === 0) return
    log.info(
      { orchestrator: url, ms },
      'an earlier worker may have a poll there: no tasks are taken until it is over',
    )
    this.#fence.raise(url, ms)
  }

  #over(url: string): void {
    this.#options.onChange()
    if (this.#ready.has(url)) this.#recovery?.handBack(url)
  }
}
