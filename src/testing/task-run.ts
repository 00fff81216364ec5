import type { Outcome, TaskFailure } from '../protocol/messages.js'
import { errorIn } from '../tasks/thrown.js'
import { parseWide } from '../utils/exact-json.js'
import { jsonText } from '../utils/json.js'

/** The end of a task, as a worker would report it to an orchestrator. */
export interface RunOutcome<Result extends object = Record<string, unknown>> {
  /** `success`, `failure`, `cancelled`, or the status that the handler returned. */
  readonly status: string
  /** The data of the result, after conversion to JSON. `undefined` if the task has no data. */
  readonly data: Result | undefined
  /** The error of a failure. `undefined` if the task did not fail. */
  readonly error: TaskFailure | undefined
  /** The costs that the handler returned, by name. */
  readonly costs: Readonly<Record<string, number>> | undefined
  /** The members of the metadata of the job that the handler changed. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  /** The error that the handler threw, with its stack. A worker does not send it. */
  readonly thrown: Error | string | undefined
}

/** A line that a handler has logged. */
export interface LogEntry {
  /** The level of the line. */
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  /** The message of the line. */
  readonly message: string
  /** The fields of the line, and the ids of the task. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** An event that a handler has sent. */
export interface EmittedEvent {
  /** The name of the event. */
  readonly name: string
  /** The payload of the event, after JSON. */
  readonly payload: Readonly<Record<string, unknown>>
}

/** The outcome of a run of {@link runTask}, and everything that the handler reported. */
export interface TaskRun<Result extends object = Record<string, unknown>> {
  /** How the task ended. */
  readonly outcome: RunOutcome<Result>
  /** All calls of `ctx.progress`, in their order. */
  readonly progress: readonly {
    /** 0 (started) to 1 (done). */
    readonly fraction: number
    /** The current activity. Empty if the handler gave no message. */
    readonly message: string
  }[]
  /** The events that the handler sent, in their order. */
  readonly events: readonly EmittedEvent[]
  /** The lines that the handler logged, in their order. */
  readonly log: readonly LogEntry[]
  /** The files in the directory of the task at its end, by their path in the directory. */
  readonly files: Readonly<Record<string, Buffer>>
}

/** Passes a value through JSON, as the wire does. Integers keep all digits. */
export const throughJson = (value: unknown): unknown => {
  const text = jsonText(value)
  return text === undefined ? undefined : parseWide(text)
}

/** Returns an outcome as the test sees it. */
export const outcomeOf = (outcome: Outcome): RunOutcome => {
  const rest = outcome.kind === 'cancelled' ? {} : outcome
  const { data, costs, metadata } = rest as Extract<Outcome, { kind: 'value' }>
  return {
    status: outcome.kind === 'value' ? outcome.status : outcome.kind,
    data: data && (throughJson(data) as Record<string, unknown>),
    error: outcome.kind === 'failure' ? (throughJson(outcome.error) as TaskFailure) : undefined,
    costs,
    metadata,
    thrown: errorIn(outcome)?.err,
  }
}
