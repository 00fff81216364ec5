import { jsonText } from '../../utils/json.js'
import { signatureOf, withoutNulls } from '../rxon/signing.js'
import type { Job } from '../state/job.js'

/** A task as a worker receives it. As in the real orchestrator, `priority` only orders the queue. */
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
 * A signed task of the second generation. The signature does not cover `security`, and `deadline` has a fraction, as in the
 * real orchestrator.
 *
 * @throws RangeError if the task cannot be signed
 */
export const rxonOfferOf = (job: Job, taskId: string, secretKey: string, nowMs: number): object => {
  const { security, ...signed } = job.extras
  const task = withoutNulls({
    ...offerOf(job, taskId),
    priority: job.priority,
    timestamp: Math.floor(nowMs / 1000),
    step: 1,
    ...signed,
  })
  return { ...task, ...(security && { security }), sig: signatureOf(jsonText(task), secretKey) }
}
