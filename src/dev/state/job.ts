import type { JsonObject } from '../../utils/json.js'

/**
 * Where a job is, in the words of the real orchestrator.
 *
 * - `pending`: not dispatched yet; only seen with the option `waitForWorker`.
 * - `waiting_for_worker`: its task is queued for a worker, or running there.
 * - `running`: between two states; a job that reached one of its end states stays `running` for good, as it does there.
 * - `failed`, `quarantined`: given up.
 */
export type JobStatus = 'pending' | 'waiting_for_worker' | 'running' | 'failed' | 'quarantined'

/** The states of the one blueprint that is served: `start`, and four ends. */
export type JobState = 'start' | 'done' | 'review' | 'failed_state' | 'cancelled_state'

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
}

/** The request, complete. */
export type NewJob = Pick<Job, 'id' | 'task' | 'params' | 'priority' | 'timeoutMs' | 'tracingContext'>

// Every field is there from the start: jobs of one shape are several times cheaper to copy.
export const newJob = (request: NewJob): Job => ({
  id: request.id,
  task: request.task,
  params: request.params,
  priority: request.priority,
  timeoutMs: request.timeoutMs,
  tracingContext: request.tracingContext,
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
  status === 'failed' || status === 'quarantined' || (status === 'running' && state !== 'start')
