import type { TaskSource } from '../execution/task-in-hand.js'
import type { Identity, Poller } from '../journal/journal.js'
import type { PollEnd } from '../journal/poll-mark.js'
import type { TaskOffer } from '../protocol/messages.js'
import type { Settings } from '../settings.js'
import type { Logger } from '../utils/logger.js'
import type { PollTurn } from './poll-turn.js'

/** Writes down that the orchestrator may hold a poll. Returns a promise only if something is written. */
export interface PollJournal {
  pollOpened(from: Poller): Promise<void> | undefined
  pollEnded(from: Poller, end: PollEnd): void
  /** The open polls are about to be given up, and the orchestrator knows that the worker takes no tasks. */
  pollsAbandoned(from: Poller): void
}

/** Learns how each answered poll ended. */
export interface PollObserver {
  /** @param elapsedMs - how long the poll was open */
  pollEnded(poller: Identity, elapsedMs: number, outcome: 'task' | 'empty'): void
}

/** Takes the offers that polls bring. */
export interface OfferSink {
  take(offer: TaskOffer, from: TaskSource): void
}

/** What the poll loops of all orchestrators share. */
export interface Polling {
  readonly settings: Pick<Settings, 'idlePollDelayMs' | 'pollErrorDelayMs'>
  /** The most tasks that run at once. May change at any time. */
  readonly slots: { readonly limits: { readonly global: number } }
  /** Gives polls their slots, in competition with the polls of other orchestrators. */
  readonly turn: PollTurn
  readonly journal: PollJournal
  readonly takeover: PollObserver
  readonly offers: OfferSink
  readonly log: Logger
  /** Whether a task could be taken at present. */
  hasRoom(): boolean
  /** Gives back the slot of a poll that ended without a task. */
  unreserve(): void
}
