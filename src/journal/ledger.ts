import { TurnoverMap } from '../utils/turnover-map.js'
import type { AcceptedFact, Fact, FinishedFact, PollFact } from './facts.js'

/** A task that is not settled: it runs, or its result is not acknowledged. */
export type OpenTask = AcceptedFact | FinishedFact

/** What all facts of a journal together say: the tasks that are not settled, and the polls that may be held. */
export class Ledger {
  readonly #tasks = new TurnoverMap<string, OpenTask>()
  readonly #polls = new Map<string, PollFact>()

  /** In the order in which they came. */
  get tasks(): readonly OpenTask[] {
    return this.#tasks.values()
  }

  get polls(): readonly PollFact[] {
    return [...this.#polls.values()]
  }

  /** What a new file has to say to say the same. */
  get facts(): readonly Fact[] {
    return [...this.polls, ...this.tasks]
  }

  has(taskId: string): boolean {
    return this.#tasks.has(taskId)
  }

  apply(fact: Fact): void {
    switch (fact.fact) {
      case 'accepted':
        this.#tasks.set(fact.taskId, fact)
        return
      case 'finished':
        this.#tasks.set(fact.result.taskId, fact)
        return
      case 'settled':
        this.#tasks.delete(fact.taskId)
        return
      case 'polled':
        this.#mark(fact)
    }
  }

  #mark(fact: PollFact): void {
    const poller = `${fact.workerId} ${fact.from}`
    if (fact.openedAtMs === null) this.#polls.delete(poller)
    else this.#polls.set(poller, fact)
  }
}
