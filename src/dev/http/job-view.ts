import type { Job } from '../state/job.js'

/** A job as the client API shows it. The second generation has additional members. */
export const viewOf = (job: Job): object => ({
  ...commonView(job),
  ...(job.generation === 'rxon' && rxonView(job)),
})

/** `result` is the data of the last step. */
const rxonView = ({ state, status, history, progress, extras: { metadata } }: Job): object => {
  const result = Object.values(history).at(-1)
  return {
    step: state === 'start' ? 1 : 2,
    ...(status !== 'waiting_for_worker' && result !== undefined && { result }),
    progress: progress?.fraction,
    progress_message: progress?.message,
    metadata,
  }
}

const commonView = (job: Job): object => ({
  id: job.id,
  blueprint_name: 'one_task',
  current_state: job.state,
  initial_data: {
    type: job.task,
    params: job.params,
    priority: job.priority,
    timeout_seconds: job.timeoutMs / 1000,
  },
  state_history: job.history,
  status: job.status,
  tracing_context: job.tracingContext,
  retry_count: job.retryCount,
  error_message: job.errorMessage,
  current_task_id: job.taskId,
  task_worker_id: job.workerId,
  progress: job.progress,
})
