import type { Orchestrator } from '../orchestrators/orchestrator.js'
import type { PollLoop } from '../polling/poll-loop.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import type { HeartbeatLoop } from './heartbeat/heartbeat-loop.js'

/** How long a task may be on its way after the orchestrator knows that this worker takes none, in ms. */
const ON_THE_WAY_MS = 1_000

/**
 * Gives up the polls of a connection that drains, when they can bring nothing any more. The orchestrator goes on holding
 * them. The journal knows that, and the next worker with this id waits for their end.
 */
export class PollAbandonment {
  readonly #heartbeats: Pick<HeartbeatLoop, 'announce'>
  readonly #polls: Pick<PollLoop, 'open' | 'abandon'>
  readonly #orchestrator: Pick<Orchestrator, 'protocol'>
  readonly #lastOffers = new ResettableTimer()
  #isWithdrawn = false

  constructor(
    heartbeats: Pick<HeartbeatLoop, 'announce'>,
    polls: Pick<PollLoop, 'open' | 'abandon'>,
    orchestrator: Pick<Orchestrator, 'protocol'>,
  ) {
    this.#heartbeats = heartbeats
    this.#polls = polls
    this.#orchestrator = orchestrator
  }

  /** Whether heartbeats take back the skills of this worker. */
  get isWithdrawn(): boolean {
    return this.#isWithdrawn
  }

  /**
   * @param announced - resolves when the orchestrator knows that this worker takes no tasks. Until then a poll may bring one
   * @param idle - resolves when no task runs
   */
  async begin(announced: Promise<void>, idle: Promise<void>): Promise<void> {
    await announced
    await new Promise<void>((resolve) => this.#lastOffers.set(ON_THE_WAY_MS, resolve))
    await idle
    if (this.#orchestrator.protocol.sharesQueues && this.#polls.open > 0) {
      this.#isWithdrawn = true
      await this.#heartbeats.announce()
    }
    this.#polls.abandon()
  }

  close(): void {
    this.#lastOffers.close()
  }
}
