import { TurnoverMap } from '../../utils/turnover-map.js'
import type { AcceptedFact, Fact, FinishedFact, PollFact } from './facts.js'

/** A task that is not settled: it runs, or its result is not acknowledged. */
export type OpenTask = AcceptedFact | FinishedFact

interface Held {
  task: OpenTask
  bytes: number
}

/** What all facts of a journal together say: the tasks that are not settled, and the polls that may be held. */
export class Ledger {
  readonly #tasks = new TurnoverMap<string, Held>()
  readonly #polls = new Map<string, PollFact>()
  #liveBytes = 0

  /** How much of the file still says something, polls left aside. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  /** In the order in which they came. */
  get tasks(): readonly OpenTask[] {
    return this.#tasks.values().map(({ task }) => task)
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

  /** @param bytes - the length of its line */
  apply(fact: Fact, bytes: number): void {
    switch (fact.fact) {
      case 'accepted':
        this.#hold(fact.taskId, fact, bytes)
        return
      case 'finished':
        this.#hold(fact.result.taskId, fact, bytes)
        return
      case 'settled':
        this.#drop(fact.taskId)
        return
      case 'polled':
        this.#mark(fact)
    }
  }

  #hold(taskId: string, task: OpenTask, bytes: number): void {
    const held = this.#tasks.get(taskId)
    this.#liveBytes += bytes - (held?.bytes ?? 0)
    if (held) {
      held.task = task
      held.bytes = bytes
    } else this.#tasks.set(taskId, { task, bytes })
  }

  #drop(taskId: string): void {
    const held = this.#tasks.get(taskId)
    if (!held) return
    this.#tasks.delete(taskId)
    this.#liveBytes -= held.bytes
  }

  #mark(fact: PollFact): void {
    if (fact.openedAtMs === null) this.#polls.delete(fact.from)
    else this.#polls.set(fact.from, fact)
  }
}
