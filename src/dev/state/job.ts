import type { JsonObject } from '../../utils/json.js'
import type { Generation } from '../generation.js'

/**
 * The status of a job, in the words of the real orchestrator.
 *
 * - `pending`: not dispatched yet. Only with the option `waitForWorker`.
 * - `waiting_for_worker`: the task is queued for a worker, or running there.
 * - `running`: between two states. A job whose worker is of the first generation stays `running` forever after it reached an
 *   end state, as in the real orchestrator.
 * - `finished`: the task succeeded on a worker of the second generation.
 * - `cancelled`: a client cancelled the job. A result that arrives later still changes the job.
 * - `failed`, `quarantined`: given up. In the second generation, `failed` is also the status of every other end.
 */
export type JobStatus =
  | 'pending'
  | 'waiting_for_worker'
  | 'running'
  | 'finished'
  | 'cancelled'
  | 'failed'
  | 'quarantined'

/** The states of the only blueprint: `start` and its end states. A success leads to `done`, or `finished`. */
export type JobState = 'start' | 'done' | 'finished' | 'review' | 'failed_state' | 'cancelled_state'

/** The progress of a running task. */
export interface JobProgress {
  /** 0 (started) to 1 (done). */
  readonly fraction: number
  /** The current activity, as the handler reported it. */
  readonly message: string
}

/** The request for a new job. */
export interface JobRequest {
  /** The name of the task. */
  readonly task: string
  /** The params for the handler. Must be JSON. Default: `{}`. */
  readonly params?: object
  /** The priority. A higher number is dispatched first. Default: 0. */
  readonly priority?: number
  /** How long the task may take, in ms. Default: the option `taskTimeoutMs`. */
  readonly timeoutMs?: number
  /** The deadline of the result, in ms from now. Only workers of the second generation receive it. Default: none. */
  readonly resultTimeoutMs?: number
  /** Metadata that the second generation sends with the task, and that a result may change. */
  readonly metadata?: object
  /** A policy that the second generation sends with the task, such as `{ allowed_skills: ['resize'] }`. */
  readonly policy?: object
}

/** Additional members of a task of the second generation, under the names of the protocol. */
export interface Extras {
  /** The deadline of the result, in seconds since 1970. */
  readonly deadline?: number
  /** The metadata of the job. */
  readonly metadata?: JsonObject
  /** The policy of the job. */
  readonly policy?: JsonObject
  /** The client of the job, as the orchestrator describes it. */
  readonly security?: JsonObject
}

/** A job at one moment. The object never changes: each change makes a new one. */
export interface Job {
  /** The id of the job. */
  readonly id: string
  /** The name of the task. */
  readonly task: string
  /** The params of the task. */
  readonly params: JsonObject
  /** The priority. A higher number is dispatched first. */
  readonly priority: number
  /** How long the task may take, in ms. */
  readonly timeoutMs: number
  /** The status of the job. */
  readonly status: JobStatus
  /** The state of the blueprint. */
  readonly state: JobState
  /** The merged data of all results. */
  readonly history: Readonly<Record<string, unknown>>
  /** The number of retries of the task. */
  readonly retryCount: number
  /** The reason why the job failed or was quarantined. `undefined` without one. */
  readonly errorMessage: string | undefined
  /** The id of the last dispatched task. `undefined` before the first dispatch. */
  readonly taskId: string | undefined
  /** The id of the worker that received the last task. `undefined` before the first dispatch. */
  readonly workerId: string | undefined
  /** The last progress of the current task. `undefined` before the first report. */
  readonly progress: JobProgress | undefined
  /** The trace of the job, for example `traceparent`. Empty without a trace. */
  readonly tracingContext: Readonly<Record<string, string>>
  /** The generation of the worker that received the last task. */
  readonly generation: Generation | undefined
  /** The members that only the second generation sends with the task. */
  readonly extras: Extras
}

/** A checked request with defaults. */
export type NewJob = Pick<
  Job,
  'id' | 'task' | 'params' | 'priority' | 'timeoutMs' | 'tracingContext' | 'extras'
>

// All members exist from the start, because objects of one shape are several times cheaper to copy.
export const newJob = (request: NewJob): Job => ({
  id: request.id,
  task: request.task,
  params: request.params,
  priority: request.priority,
  timeoutMs: request.timeoutMs,
  tracingContext: request.tracingContext,
  extras: request.extras,
  generation: undefined,
  status: 'pending',
  state: 'start',
  history: {},
  retryCount: 0,
  errorMessage: undefined,
  taskId: undefined,
  workerId: undefined,
  progress: undefined,
})

/** Whether the job only changes if another message arrives for it. */
export const hasEnded = ({ status, state }: Job): boolean =>
  isTerminal(status) || status === 'cancelled' || (status === 'running' && state !== 'start')

/** Whether a result of the second generation is too late. A result for a cancelled job is not: it changes the job. */
export const isTerminal = (status: JobStatus): boolean =>
  status === 'failed' || status === 'quarantined' || status === 'finished'
