import type { Orchestrator } from '../orchestrators/orchestrator.js'
import type { PollLoop } from '../polling/poll-loop.js'
import { ResettableTimer } from '../utils/resettable-timer.js'
import type { HeartbeatLoop } from './heartbeat/heartbeat-loop.js'

/** How long a task may be on its way after the orchestrator knows that this worker takes none, in ms. */
const ON_THE_WAY_MS = 1_000

/** The parts of a connection that abandoning its polls needs. */
export interface AbandonmentParts {
  readonly heartbeats: Pick<HeartbeatLoop, 'announce'>
  readonly polls: Pick<PollLoop, 'open' | 'abandon'>
  readonly orchestrator: Pick<Orchestrator, 'protocol'>
}

/**
 * Gives up the polls of a connection that drains, when they can bring nothing any more. The orchestrator goes on holding
 * them. The journal knows that, and the next worker with this id waits for their end.
 */
export class PollAbandonment {
  readonly #parts: AbandonmentParts
  readonly #lastOffers = new ResettableTimer()
  #isWithdrawn = false

  constructor(parts: AbandonmentParts) {
    this.#parts = parts
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
    const { heartbeats, polls, orchestrator } = this.#parts
    await announced
    await new Promise<void>((resolve) => this.#lastOffers.set(ON_THE_WAY_MS, resolve))
    await idle
    if (orchestrator.protocol.sharesQueues && polls.open > 0) {
      this.#isWithdrawn = true
      await heartbeats.announce()
    }
    polls.abandon()
  }

  close(): void {
    this.#lastOffers.close()
  }
}
