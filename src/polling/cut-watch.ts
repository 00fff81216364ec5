import type { PollCut } from '../orchestrators/poll-cut.js'
import type { Logger } from '../utils/logger.js'
import { monotonicMs } from '../utils/time.js'

/** From this cut in a row on, a proxy is the reason. A single cut may be a restart of the orchestrator. */
const CUTS_UNTIL_TOLD = 2

/** Counts the polls in a row that were cut on their way, and tells the log once. */
export class CutWatch {
  readonly #orchestrator: string
  readonly #log: Logger
  #cuts = 0
  #lastCutMs = Number.NEGATIVE_INFINITY
  #hasTold = false

  constructor(orchestrator: string, log: Logger) {
    this.#orchestrator = orchestrator
    this.#log = log
  }

  /** Notes a cut poll. Polls that were open together count as one. */
  note(cut: PollCut): void {
    const nowMs = monotonicMs()
    if (nowMs - cut.heldMs >= this.#lastCutMs) this.#cuts++
    this.#lastCutMs = nowMs
    if (this.#hasTold || this.#cuts < CUTS_UNTIL_TOLD) return
    this.#hasTold = true
    this.#log.warn({ orchestrator: this.#orchestrator, err: cut }, POLLS_ARE_CUT)
  }

  /** A poll ended in another way. */
  reset(): void {
    this.#cuts = 0
  }
}

const POLLS_ARE_CUT =
  'Idle polls are ended on their way: the worker polls again at once, but a task may be lost until its timeout. Let proxies and ' +
  'load balancers in front of the orchestrator allow at least 35 s without a byte'
