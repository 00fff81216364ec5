import type { Outcome, TaskFailure } from '../protocol/messages.js'
import { errorIn } from '../tasks/thrown.js'
import { parseWide } from '../utils/exact-json.js'
import { jsonText } from '../utils/json.js'

/** How a task ended, as an orchestrator would be told. */
export interface RunOutcome<Result extends object = Record<string, unknown>> {
  /** `success`, `failure`, `cancelled`, or a status of the handler's own. */
  readonly status: string
  /** The data of the result, after JSON. */
  readonly data: Result | undefined
  /** Why the task failed. */
  readonly error: TaskFailure | undefined
  readonly costs: Readonly<Record<string, number>> | undefined
  /** Changed members of the metadata of the job. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  /** What the handler threw, with its stack. The orchestrator does not get it. */
  readonly thrown: Error | string | undefined
}

/** A line that a handler has logged. */
export interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  /** What the handler gave besides the message, and the ids of the task. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** An event that a handler has sent. */
export interface EmittedEvent {
  readonly name: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** Everything that one run of a task has done. */
export interface TaskRun<Result extends object = Record<string, unknown>> {
  readonly outcome: RunOutcome<Result>
  /** The reports of {@link TaskContext.progress}, none left out. */
  readonly progress: readonly { readonly fraction: number; readonly message: string }[]
  readonly events: readonly EmittedEvent[]
  readonly log: readonly LogEntry[]
  /** The files that were in the directory of the task at its end, by their path below it. */
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
