import { wallMs } from '../../utils/time.js'
import { signatureOf, withoutNulls } from '../rxon/signing.js'
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

/**
 * A task of the second generation, signed. Its `security` goes along unsigned; a `deadline` is a number with a
 * fraction, as the real one's is.
 */
export const rxonOfferOf = (job: Job, taskId: string, secretKey: string): object => {
  const { security, ...signed } = job.extras
  const task = withoutNulls({
    ...offerOf(job, taskId),
    priority: job.priority,
    timestamp: Math.floor(wallMs() / 1000),
    step: 1,
    ...signed,
  })
  return { ...task, ...(security && { security }), sig: signatureOf(JSON.stringify(task), secretKey) }
}
