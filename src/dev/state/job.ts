import type { JsonObject } from '../../utils/json.js'
import type { Generation } from '../generation.js'

/**
 * Where a job is, in the words of the real orchestrator.
 *
 * - `pending`: not dispatched yet; only seen with the option `waitForWorker`.
 * - `waiting_for_worker`: its task is queued for a worker, or running there.
 * - `running`: between two states; a job that reached one of its end states by a worker of the first generation stays
 *   `running` for good, as it does there.
 * - `finished`: its task succeeded, on a worker of the second generation.
 * - `cancelled`: a client cancelled it; a result that comes all the same moves it on.
 * - `failed`, `quarantined`: given up; `failed` is every other end of the second generation, too.
 */
export type JobStatus =
  | 'pending'
  | 'waiting_for_worker'
  | 'running'
  | 'finished'
  | 'cancelled'
  | 'failed'
  | 'quarantined'

/** The states of the one blueprint that is served: `start`, and its ends; a success leads to `done`, or `finished`. */
export type JobState = 'start' | 'done' | 'finished' | 'review' | 'failed_state' | 'cancelled_state'

/** How far a running task is. */
export interface JobProgress {
  /** 0 … 1 */
  readonly fraction: number
  readonly message: string
}

/** What a client asks for. */
export interface JobRequest {
  /** The name of the task. */
  readonly task: string
  /** What the handler gets; default `{}`. It has to survive JSON. */
  readonly params?: object
  /** Higher is served first; default 0. */
  readonly priority?: number
  /** How long the task may take, in ms; default `taskTimeoutMs`. */
  readonly timeoutMs?: number
  /** When the result is wanted, in ms from now: the second generation tells its workers. Default: they are not told. */
  readonly resultTimeoutMs?: number
  /** What the second generation passes on with the task, and its workers may answer with. */
  readonly metadata?: object
  /** Passed on with the task in the second generation, such as `{ allowed_skills: ['resize'] }`. */
  readonly policy?: object
}

/** What goes with a task of the second generation, under the names of the wire. */
export interface Extras {
  readonly deadline?: number
  readonly metadata?: JsonObject
  readonly policy?: JsonObject
  readonly security?: JsonObject
}

/** A job at one moment. It never changes: every move makes a new one. */
export interface Job {
  readonly id: string
  readonly task: string
  readonly params: JsonObject
  readonly priority: number
  readonly timeoutMs: number
  readonly status: JobStatus
  readonly state: JobState
  /** What the results brought, merged. */
  readonly history: Readonly<Record<string, unknown>>
  readonly retryCount: number
  readonly errorMessage: string | undefined
  /** The task dispatched last, and to whom. */
  readonly taskId: string | undefined
  readonly workerId: string | undefined
  /** What the task in hand last told. */
  readonly progress: JobProgress | undefined
  readonly tracingContext: Readonly<Record<string, string>>
  /** The generation of the worker that it was dispatched to last. */
  readonly generation: Generation | undefined
  readonly extras: Extras
}

/** The request, complete. */
export type NewJob = Pick<
  Job,
  'id' | 'task' | 'params' | 'priority' | 'timeoutMs' | 'tracingContext' | 'extras'
>

// Every field is there from the start: jobs of one shape are several times cheaper to copy.
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

/** Whether nothing more will happen to the job by itself. */
export const hasEnded = ({ status, state }: Job): boolean =>
  isTerminal(status) || status === 'cancelled' || (status === 'running' && state !== 'start')

/** Whether a result of the second generation comes too late. One for a cancelled job does not: it moves the job on. */
export const isTerminal = (status: JobStatus): boolean =>
  status === 'failed' || status === 'quarantined' || status === 'finished'
