import type { ResultSink } from '../delivery/result-queue.js'
import { TransientError } from '../errors.js'
import type { AcceptedEntry } from '../journal/entries.js'
import type { Journal } from '../journal/journal.js'
import type { OpenTask } from '../journal/journal-state.js'
import type { TaskResult } from '../protocol/messages.js'
import { judgeError } from '../tasks/judge.js'
import type { Logger } from '../utils/logger.js'
import { after, type Timer } from '../utils/time.js'

/** Brings results to their orchestrators. */
export interface ResultReporter {
  /** @param isRecorded - whether the journal has the result already */
  report(result: TaskResult, to: ResultSink, isRecorded: boolean): Promise<void>
}

/** Tasks go back after this time even if their orchestrator can give this worker no tasks, in ms. */
const PATIENCE_MS = 60_000

/**
 * Reports the tasks that an earlier worker left unsettled. Results are delivered at once. A task without a result is
 * handed back as a transient failure. The orchestrator then looks for an idle worker at once, so the task goes back
 * only when this worker can be that idle worker, or after a minute.
 */
export class Recovery {
  readonly #sinks: readonly ResultSink[]
  readonly #reporter: ResultReporter
  readonly #journal: Pick<Journal, 'buried' | 'acknowledged'>
  readonly #log: Logger
  /** The results to hand back, by the URL of their orchestrator. */
  readonly #waiting = new Map<string, TaskResult[]>()
  #patience: Timer | undefined

  /** @param sinks - one for each orchestrator */
  constructor(
    sinks: readonly ResultSink[],
    reporter: ResultReporter,
    journal: Pick<Journal, 'buried' | 'acknowledged'>,
    log: Logger,
  ) {
    this.#sinks = sinks
    this.#reporter = reporter
    this.#journal = journal
    this.#log = log
  }

  begin(left: readonly OpenTask[]): void {
    if (left.length === 0) return
    const results = left.filter(({ fact }) => fact === 'finished').length
    this.#log.info(
      { results, tasks: left.length - results },
      'Earlier worker left results and unfinished tasks: this worker reports them',
    )
    for (const task of left) {
      const sink = this.#sinks.find(({ url }) => url === task.from)
      if (sink) this.#report(task, sink)
      else this.#putAway(task)
    }
    if (this.#waiting.size > 0) this.#patience = after(PATIENCE_MS, () => this.#handBackAll())
  }

  /** The orchestrator can give this worker tasks now, under one of its ids. */
  handBack(url: string): void {
    const results = this.#waiting.get(url) ?? []
    const sink = this.#sinks.find((each) => each.url === url)
    this.#waiting.delete(url)
    if (this.#waiting.size === 0) this.#patience?.cancel()
    if (sink) for (const result of results) void this.#reporter.report(result, sink, false)
  }

  /** Tasks that still wait stay in the journal, for the next worker. */
  close(): void {
    this.#patience?.cancel()
    this.#waiting.clear()
  }

  #handBackAll(): void {
    for (const url of [...this.#waiting.keys()]) this.handBack(url)
  }

  #report(task: OpenTask, sink: ResultSink): void {
    if (task.fact === 'finished') {
      void this.#reporter.report(task.result, sink, true)
      return
    }
    const waiting = this.#waiting.get(sink.url) ?? []
    waiting.push(restarted(task))
    this.#waiting.set(sink.url, waiting)
  }

  /** No other orchestrator may get the result, so people decide about it. */
  #putAway(task: OpenTask): void {
    const { from } = task
    const result = task.fact === 'finished' ? task.result : restarted(task)
    const { taskId, jobId } = result
    this.#log.warn(
      { taskId, jobId, orchestrator: from },
      'Task of an earlier worker came from an orchestrator that is not configured any more: a result becomes a dead letter, an unfinished task is dropped',
    )
    if (task.fact === 'accepted') this.#journal.acknowledged(result)
    else void this.#journal.buried(result, from, new Error(`${from} is not configured any more`))
  }
}

const restarted = ({ jobId, taskId, workerId }: AcceptedEntry): TaskResult => ({
  jobId,
  taskId,
  workerId,
  outcome: judgeError(new TransientError('The worker restarted before the task ended')),
})
