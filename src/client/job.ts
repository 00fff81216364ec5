import { isObject } from '../utils/json.js'

/** The end of a job. `quarantined`: the orchestrator gave the job up, and an operator has to look at it. */
export type JobOutcome = 'finished' | 'failed' | 'cancelled' | 'quarantined'

/** The progress of the task of a job. */
export interface ClientProgress {
  /** 0 (started) to 1 (done). */
  readonly fraction: number
  /** The current activity, as the handler reported it. Empty if the handler gave no message. */
  readonly message: string
}

/** A job at one moment. A member is `undefined` if the orchestrator does not send it. */
export interface ClientJob<Result extends object = Record<string, unknown>> {
  /** The id of the job. */
  readonly id: string
  /**
   * The status in the words of the orchestrator, such as `waiting_for_worker`. It may still be `running` when the job is in its end
   * state, in the first generation always: {@link outcome} tells whether the job has ended.
   */
  readonly status: string
  /** The state of the blueprint. Orchestrators from 1.0b14 send it only with `DETAILED_API_RESPONSES=true`. */
  readonly state: string | undefined
  /** The name of the blueprint. `undefined` if the orchestrator does not send it. */
  readonly blueprint: string | undefined
  /** The end of the job. `undefined` while the job runs. */
  readonly outcome: JobOutcome | undefined
  /**
   * The merged data of the results, after the job has finished. Orchestrators from 1.0b14 send it only with
   * `DETAILED_API_RESPONSES=true`. Without this setting, `raw.result` has the last member of the data.
   */
  readonly result: Result | undefined
  /** The reason why the job failed or was quarantined. */
  readonly error: string | undefined
  /** The last progress of the running task. Orchestrators of the first generation do not keep it. */
  readonly progress: ClientProgress | undefined
  /** The number of retries of the task. */
  readonly retryCount: number | undefined
  /** The id of the last dispatched task. */
  readonly taskId: string | undefined
  /** The id of the worker that received the last task. `undefined` before the first dispatch. */
  readonly workerId: string | undefined
  /** The complete answer of the orchestrator, with the names of its API. */
  readonly raw: Readonly<Record<string, unknown>>
}

/**
 * End states of blueprints that {@link ClientJob.outcome} knows by their names. `review` is not among them: in many
 * blueprints it is the state in which a job waits for a person, and the job is `running` for a moment when it enters it.
 */
const OUTCOME_OF_STATE: Readonly<Record<string, JobOutcome>> = {
  done: 'finished',
  finished: 'finished',
  completed: 'finished',
  success: 'finished',
  succeeded: 'finished',
  failed: 'failed',
  failed_state: 'failed',
  failure: 'failed',
  error: 'failed',
  cancelled: 'cancelled',
  cancelled_state: 'cancelled',
  canceled: 'cancelled',
}

const OUTCOME_OF_STATUS: Readonly<Record<string, JobOutcome>> = {
  finished: 'finished',
  completed: 'finished',
  error: 'failed',
  cancelled: 'cancelled',
  quarantined: 'quarantined',
}

const known = <T>(table: Readonly<Record<string, T>>, key: string | undefined): T | undefined =>
  key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined

/**
 * Returns how a job ended, or `undefined` while it goes on. Pure.
 *
 * In the first generation the status stays `running` in an end state, so the name of the state decides. In the second
 * generation the status `failed` also stands for every other end, such as `cancelled_state`.
 *
 * @param endStates - further names of end states, from the blueprints of the user
 */
export const outcomeOf = (
  status: string,
  state: string | undefined,
  endStates: readonly string[] = [],
): JobOutcome | undefined => {
  const byStatus = known(OUTCOME_OF_STATUS, status)
  if (byStatus) return byStatus
  const byState = known(OUTCOME_OF_STATE, state)
  if (status === 'failed') return byState === 'cancelled' ? 'cancelled' : 'failed'
  if (status !== 'running') return undefined
  return byState ?? (state !== undefined && endStates.includes(state) ? 'finished' : undefined)
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** The first generation of the embedded orchestrator shows an object, the second generation two members. */
const progressIn = ({ progress, progress_message: said }: Record<string, unknown>) => {
  const [fraction, message] = isObject(progress)
    ? [progress['fraction'], progress['message']]
    : [progress, said]
  if (typeof fraction !== 'number') return undefined
  return { fraction, message: typeof message === 'string' ? message : '' }
}

/** Reads a job from an answer. An answer without a status is no job: `undefined`. */
export const readJob = (answer: unknown, endStates?: readonly string[]): ClientJob | undefined => {
  if (!isObject(answer)) return undefined
  const { status, error_message: error, retry_count: retries, state_history: data } = answer
  const id = textIn(answer['id']) ?? textIn(answer['job_id'])
  if (id === undefined || typeof status !== 'string') return undefined
  const state = textIn(answer['current_state'])
  const outcome = outcomeOf(status, state, endStates)
  return {
    id,
    status,
    state,
    blueprint: textIn(answer['blueprint_name']),
    outcome,
    result: outcome === 'finished' && isObject(data) ? data : undefined,
    error: textIn(error),
    progress: progressIn(answer),
    retryCount: typeof retries === 'number' ? retries : undefined,
    taskId: textIn(answer['current_task_id']),
    workerId: textIn(answer['task_worker_id']),
    raw: answer,
  }
}

/** A list from the history of a real orchestrator has events: the job is in the snapshot of the last event. */
export const readListed = (answer: unknown): ClientJob | undefined => {
  if (!isObject(answer)) return undefined
  const { context_snapshot: snapshot, job_id: id, state, status = state } = answer
  return readJob(isObject(snapshot) ? { id, ...snapshot } : { id, ...answer, status })
}
