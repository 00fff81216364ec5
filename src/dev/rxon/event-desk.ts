import { isObject } from '../../utils/json.js'
import type { Refusal } from '../refusal.js'
import type { JobProgress } from '../state/job.js'
import type { JobStore } from '../state/job-store.js'
import { problemOfEvent } from './shape.js'
import type { Message, Trust } from './trust.js'

/** What the desk works with, and whom it tells. */
export interface EventParts {
  readonly trust: Trust
  readonly jobs: JobStore
  readonly onProgress: (workerId: string, jobId: string, taskId: string, progress: JobProgress) => void
  readonly onEvent: (event: TaskEvent) => void
}

/** What a worker's handler told about its task. */
export interface TaskEvent {
  readonly workerId: string
  readonly jobId: string | undefined
  readonly taskId: string | undefined
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** The one member that is not signed: it grows on the way. */
const UNSIGNED = ['bubbling_chain']

/** Takes what workers tell while a task runs, over HTTP and over the socket. */
export class EventDesk {
  readonly #parts: EventParts

  constructor(parts: EventParts) {
    this.#parts = parts
  }

  /** What is answered; over the socket nobody hears it. */
  take(workerId: string, message: Message): Refusal | { readonly status: string; readonly message?: string } {
    const { trust } = this.#parts
    const { body } = message
    const refusal = trust.refusalOf(workerId, message, UNSIGNED)
    if (refusal) return refusal
    const problem = problemOfEvent(body)
    if (problem) return { status: 'error', message: `Invalid event payload: ${problem}` }
    if (body['worker_id'] !== workerId) return { status: 403, error: 'Immediate sender ID mismatch' }
    return this.#refusalOfTarget(workerId, body) ?? this.#pass(workerId, body)
  }

  #refusalOfTarget(
    workerId: string,
    { target_job_id, target_task_id }: Message['body'],
  ): Refusal | undefined {
    const id = text(target_job_id) ?? text(target_task_id) ?? ''
    const assigned = this.#parts.jobs.get(id)?.workerId
    if (assigned === undefined || assigned === workerId) return undefined
    return { status: 403, error: `Forbidden: Worker '${workerId}' is not assigned to job '${id}'` }
  }

  #pass(workerId: string, body: Message['body']): { readonly status: string } {
    const { event_type: type, payload, target_job_id, origin_task_id, target_task_id } = body
    const [jobId, taskId] = [text(target_job_id), text(origin_task_id) ?? text(target_task_id)]
    if (typeof type !== 'string' || !isObject(payload)) return { status: 'error' }
    const job = jobId === undefined ? undefined : this.#parts.jobs.get(jobId)
    const { progress, message } = payload
    if (type === 'progress' && job?.taskId !== undefined) {
      const fraction = typeof progress === 'number' ? progress : 0
      this.#parts.onProgress(workerId, job.id, job.taskId, { fraction, message: text(message) ?? '' })
    } else {
      this.#parts.onEvent({ workerId, jobId, taskId, type, payload })
    }
    return { status: 'event_accepted' }
  }
}
