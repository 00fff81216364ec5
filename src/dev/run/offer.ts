import type { Job } from '../state/job.js'

/** A task as a worker gets it. `priority` is missing there too: it orders the queue and goes no further. */
export interface WireOffer {
  readonly job_id: string
  readonly task_id: string
  readonly type: string
  readonly params: object
  readonly tracing_context: Readonly<Record<string, string>>
}

export const offerOf = (job: Job, taskId: string): WireOffer => ({
  job_id: job.id,
  task_id: taskId,
  type: job.task,
  params: job.params,
  tracing_context: job.tracingContext,
})
