import { isObject } from '../../utils/json.js'
import { isTerminal, type Job } from './job.js'

/** The response of the second generation to a result. */
export type RxonReceipt =
  | { readonly status: 'accepted'; readonly transition: string }
  | { readonly status: 'ignored'; readonly reason: string; readonly message: string }
  | { readonly error: string }

/** A result, and the worker that is known to have sent it. */
export interface RxonResult {
  readonly workerId: string
  readonly body: Readonly<Record<string, unknown>>
}

const ignored = (reason: string, message: string): RxonReceipt => ({ status: 'ignored', reason, message })

const lateReason = ({ errorMessage }: Job): string =>
  errorMessage?.toLowerCase().includes('timeout') ? 'deadline_exceeded' : 'job_already_terminated'

/** Returns why a result changes nothing, or `undefined` if it changes the job. */
export const whyIgnored = (job: Job | undefined, { workerId, body }: RxonResult): RxonReceipt | undefined => {
  const { job_id, task_id } = body
  if (!job) return ignored('job_not_found', `Job ${job_id} not found (expired or deleted).`)
  if (job.workerId !== undefined && job.workerId !== workerId)
    return ignored('worker_mismatch', 'Forbidden: This task is assigned to a different worker.')
  if (job.taskId !== undefined && job.taskId !== task_id)
    return ignored('stale_task', `Result ignored: task_id ${task_id} is no longer active for job ${job_id}.`)
  return isTerminal(job.status)
    ? ignored(lateReason(job), `Result ignored: the job is already in a terminal state (${job.status}).`)
    : undefined
}

/** Returns the error of the real orchestrator for a result with metadata if the job has none. */
export const serverError = ({ extras }: Job, { body }: RxonResult): RxonReceipt | undefined => {
  const { metadata } = body
  const hasMetadata = isObject(metadata) && Object.keys(metadata).length > 0
  return hasMetadata && !extras.metadata
    ? { error: "'NoneType' object has no attribute 'update'" }
    : undefined
}

const TRANSITIONS: ReadonlyMap<unknown, string> = new Map([
  ['failure', 'failure_handled'],
  ['cancelled', 'cancelled_handled'],
])

export const accepted = (status: unknown, isKnown: boolean): RxonReceipt => ({
  status: 'accepted',
  transition: TRANSITIONS.get(status) ?? (isKnown ? 'success_transition' : 'unhandled_status_failure'),
})

/** Returns how a result changes the reputation of its worker. */
export const ratingOf = (status: unknown, code: unknown, isKnown: boolean): number => {
  if (status === 'failure') return PENALTIES.get(code) ?? 0
  return isKnown && status !== 'cancelled' ? 0.001 : 0
}

const PENALTIES: ReadonlyMap<unknown, number> = new Map([
  ['PERMANENT_ERROR', -0.05],
  ['SECURITY_ERROR', -0.05],
  ['DEPENDENCY_ERROR', -0.05],
  ['CONTRACT_VIOLATION_ERROR', -0.2],
])
