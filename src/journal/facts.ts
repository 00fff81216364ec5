import type { TaskResult } from '../protocol/messages.js'

/** One line of the journal. A fact says all there is to know: facts that are read twice change nothing. */
export type Fact =
  /** A task was taken. Its params are not kept: they may be large, and secret. */
  | AcceptedFact
  /** It has a result, which has not been acknowledged. */
  | FinishedFact
  /** The orchestrator has the result, or it lies with the dead letters. */
  | { readonly fact: 'settled'; readonly taskId: string }
  /** When the last poll was opened that the orchestrator may hold; `null`: it holds none. */
  | PollFact

export interface AcceptedFact {
  readonly fact: 'accepted'
  /** The orchestrator's URL. */
  readonly from: string
  readonly workerId: string
  readonly jobId: string
  readonly taskId: string
  readonly taskName: string
}

export interface FinishedFact {
  readonly fact: 'finished'
  readonly from: string
  readonly result: TaskResult
}

export interface PollFact {
  readonly fact: 'polled'
  readonly from: string
  readonly workerId: string
  /** In ms since 1970. */
  readonly openedAtMs: number | null
  /** How long it may be held, in ms; older journals do not say. */
  readonly holdMs?: number
}
