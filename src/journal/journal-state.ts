import { TurnoverMap } from '../utils/turnover-map.js'
import type { AcceptedEntry, FinishedEntry, JournalEntry, PollEntry } from './entries.js'

/** A task that is not settled: it runs, or its result is not acknowledged. */
export type OpenTask = AcceptedEntry | FinishedEntry

/** The state that the entries of a journal add up to: open tasks, and polls that an orchestrator may hold. */
export class JournalState {
  readonly #tasks = new TurnoverMap<string, OpenTask>()
  readonly #polls = new Map<string, PollEntry>()

  /** In the order in which the tasks were accepted. */
  get tasks(): readonly OpenTask[] {
    return this.#tasks.values()
  }

  get polls(): readonly PollEntry[] {
    return [...this.#polls.values()]
  }

  /** The shortest list of entries that adds up to this state. */
  get entries(): readonly JournalEntry[] {
    return [...this.polls, ...this.tasks]
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId)
  }

  apply(entry: JournalEntry): void {
    switch (entry.fact) {
      case 'accepted':
        this.#tasks.set(entry.taskId, entry)
        return
      case 'finished':
        this.#tasks.set(entry.result.taskId, entry)
        return
      case 'settled':
        this.#tasks.delete(entry.taskId)
        return
      case 'polled':
        this.#applyPoll(entry)
    }
  }

  #applyPoll(entry: PollEntry): void {
    const poller = `${entry.workerId} ${entry.from}`
    if (entry.openedAtMs === null) this.#polls.delete(poller)
    else this.#polls.set(poller, entry)
  }
}
