import type { TaskResult } from '../protocol/messages.js'

/**
 * One fact in the journal. An entry replaces earlier entries about the same task or poll, so reading an entry twice changes
 * nothing.
 */
export type JournalEntry =
  /** The worker accepted a task. The entry has no params: they may be large, and secret. */
  | AcceptedEntry
  /** The task has a result, and the orchestrator has not acknowledged it. */
  | FinishedEntry
  /** The orchestrator acknowledged the result, or the result is a dead letter. */
  | { readonly fact: 'settled'; readonly taskId: string }
  /** The orchestrator may hold a poll since `openedAtMs`; `null`: it holds no poll. */
  | PollEntry

export interface AcceptedEntry {
  readonly fact: 'accepted'
  /** The orchestrator's URL. */
  readonly from: string
  readonly workerId: string
  readonly jobId: string
  readonly taskId: string
  readonly taskName: string
}

export interface FinishedEntry {
  readonly fact: 'finished'
  readonly from: string
  readonly result: TaskResult
}

export interface PollEntry {
  readonly fact: 'polled'
  readonly from: string
  readonly workerId: string
  /** In ms since 1970. */
  readonly openedAtMs: number | null
  /** How long the orchestrator may hold the poll, in ms; journals of early versions have no such member. */
  readonly holdMs?: number
  /** Whether the orchestrator knew that nobody takes tasks under this id any more when the worker gave the poll up. */
  readonly announced?: boolean
}
