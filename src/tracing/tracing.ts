import type { Outcome, TaskOffer, TaskResult, TraceHeaders } from '../protocol/messages.js'

/** The orchestrator that gave a task, and the worker id that it gave the task to. */
export interface Giver {
  readonly url: string
  readonly workerId: string
}

/** A stage of a task that has a span of its own. */
export type Stage = 'fetch inputs' | 'push outputs'

/** The span of a running task. */
export interface TaskSpan {
  /** Continues the trace elsewhere: in the request that delivers the result. */
  readonly headers: TraceHeaders
  /** Runs the task. The span is active in `work` and in what it awaits, and nowhere else. */
  run<T>(work: () => T): T
  /**
   * Runs a stage in a span of its own.
   *
   * @param objects - how many objects or paths the stage transfers
   */
  stage<T>(stage: Stage, objects: number, work: () => Promise<T>): Promise<T>
  /** @param thrown - the error of the handler, if there is one */
  end(outcome: Outcome, thrown?: Error | string): void
}

/** Makes the spans of a worker. Nothing here throws or rejects by itself, whatever the code of the application does. */
export interface Tracing {
  /** Returns the headers of the trace that an offer belongs to. Empty without a trace. */
  headersOf(offer: TaskOffer): TraceHeaders
  /**
   * Begins the span of a task that is about to run. Returns `undefined` if no span can be made.
   *
   * @param taskName - a registered name, or `_other`
   */
  begin(offer: TaskOffer, taskName: string, from: Giver): TaskSpan | undefined
  /** Sends a poll with the headers of a new trace. A task without a trace continues the trace of its poll. */
  poll(send: (headers: TraceHeaders) => Promise<TaskOffer | null>): Promise<TaskOffer | null>
  /** Sends a result in a span of its own. */
  settle<T>(result: TaskResult, to: string, send: (headers: TraceHeaders) => Promise<T>): Promise<T>
  /** Runs `work`, and no instrumentation makes spans of the requests that `work` sends. */
  unseen<T>(work: () => T): T
}

/** The tracing of a worker. Known from its start on, and `undefined` without tracing. */
export interface TracingSlot {
  current: Tracing | undefined
}
