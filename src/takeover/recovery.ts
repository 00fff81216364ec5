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
  report(result: TaskResult, to: ResultSink, offer?: undefined, isRecorded?: boolean): Promise<void>
}

export interface RecoveryOptions {
  readonly reporter: ResultReporter
  readonly journal: Pick<Journal, 'buried' | 'acknowledged'>
  readonly sinks: readonly ResultSink[]
  readonly log: Logger
}

/** An orchestrator that is not used at present has its tasks back after this long, in ms. */
const PATIENCE_MS = 60_000

/**
 * Answers for the tasks that an earlier worker left. Results go out at once. A task without one is handed back, and the
 * orchestrator looks for an idle worker in that moment: so it waits until this one can be it.
 */
export class Recovery {
  readonly #options: RecoveryOptions
  readonly #waiting = new Map<string, TaskResult[]>()
  #patience: Timer | undefined

  constructor(options: RecoveryOptions) {
    this.#options = options
  }

  begin(left: readonly OpenTask[]): void {
    if (left.length === 0) return
    const { log, sinks } = this.#options
    const results = left.filter(({ fact }) => fact === 'finished').length
    log.info(
      { results, tasks: left.length - results },
      'an earlier worker left results and tasks without one: they are answered for',
    )
    for (const task of left) {
      const sink = sinks.find(({ url }) => url === task.from)
      if (sink) this.#answerFor(task, sink)
      else this.#putAway(task)
    }
    this.#patience = after(PATIENCE_MS, () => {
      for (const url of [...this.#waiting.keys()]) this.handBack(url)
    })
  }

  /** The orchestrator can give this worker tasks now, under one id or another. */
  handBack(url: string): void {
    const results = this.#waiting.get(url) ?? []
    const sink = this.#options.sinks.find((each) => each.url === url)
    this.#waiting.delete(url)
    if (sink) for (const result of results) void this.#options.reporter.report(result, sink)
  }

  close(): void {
    this.#patience?.cancel()
    this.#waiting.clear()
  }

  #answerFor(task: OpenTask, sink: ResultSink): void {
    if (task.fact === 'finished') {
      void this.#options.reporter.report(task.result, sink, undefined, true)
      return
    }
    const waiting = this.#waiting.get(sink.url) ?? []
    waiting.push(restarted(task))
    this.#waiting.set(sink.url, waiting)
  }

  /** Nobody else may have it: it is kept for people to decide. */
  #putAway(task: OpenTask): void {
    const { journal, log } = this.#options
    const { from } = task
    const result = task.fact === 'finished' ? task.result : restarted(task)
    const { taskId, jobId } = result
    const error = new Error(`${from} is no orchestrator of this worker any more`)
    log.warn(
      { taskId, jobId, orchestrator: from },
      'a task came from an orchestrator that is not configured any more',
    )
    if (task.fact === 'finished') void journal.buried(result, from, error)
    else journal.acknowledged(result)
  }
}

const restarted = ({ jobId, taskId, workerId }: AcceptedEntry): TaskResult => ({
  jobId,
  taskId,
  workerId,
  outcome: judgeError(new TransientError('worker restarted')),
})
