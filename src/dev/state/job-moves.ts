import type { Job, JobProgress, JobState } from './job.js'
import type { WorkerRecord } from './worker.js'

/** All changes of a job. Pure: each takes a job and returns the next one. */

export const dispatched = (job: Job, taskId: string, { workerId, generation }: WorkerRecord): Job => ({
  ...job,
  status: 'waiting_for_worker',
  taskId,
  workerId,
  generation,
  progress: undefined,
})

/** No worker can take the job, and none is waited for. */
export const undispatchable = (job: Job, maxRetries: number): Job =>
  quarantined({ ...job, retryCount: maxRetries }, noWorkerMessage(job))

/** A task of the job failed, and is dispatched again. */
export const retried = (job: Job): Job => ({
  ...job,
  status: 'waiting_for_worker',
  retryCount: job.retryCount + 1,
})

/** The job waits until a worker can take it. */
export const pending = (job: Job): Job => ({ ...job, status: 'pending' })

/**
 * The job reached a state of the blueprint. Only the second generation has a status for the end: `finished` for the state
 * of that name, else `failed`.
 */
export const reached = (job: Job, state: JobState, data: object = {}): Job => ({
  ...job,
  ...(job.generation === 'rxon' ? endOfRxon(state) : { status: 'running', state }),
  history: { ...job.history, ...data },
})

const endOfRxon = (state: JobState): Pick<Job, 'status' | 'state'> =>
  state === 'done' ? { status: 'finished', state: 'finished' } : { status: 'failed', state }

/** A client cancelled the job. The worker may not know yet. */
export const cancelled = (job: Job): Job => ({ ...job, status: 'cancelled' })

export const failed = (job: Job, errorMessage: string): Job => ({ ...job, status: 'failed', errorMessage })

export const quarantined = (job: Job, errorMessage: string): Job => ({
  ...job,
  status: 'quarantined',
  errorMessage,
})

export const timedOut = (job: Job): Job => failed(job, 'Worker task timed out.')

/** Longer messages of progress are cut, in characters. */
const MAX_MESSAGE = 1_000

export const progressed = (job: Job, { fraction, message }: JobProgress): Job => ({
  ...job,
  progress: { fraction, message: message.slice(0, MAX_MESSAGE) },
})

const noWorkerMessage = ({ task }: Job): string => `No suitable workers for task type '${task}'`
