import { isObject } from '../../utils/json.js'
import type { EventListeners } from '../events.js'
import type { Refusal } from '../refusal.js'
import type { ProgressReceiver } from '../run/progress-receiver.js'
import type { JobStore } from '../state/job-store.js'
import type { Message, MessageVerifier } from './message-verifier.js'
import { problemOfEvent } from './shape.js'

type Reply = Refusal | { readonly status: string; readonly message?: string }

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** The signature does not cover this member, because orchestrators append to it. */
const UNSIGNED = ['bubbling_chain']

/** Receives the events of running tasks, over HTTP and over the socket. */
export class EventReceiver {
  readonly #verifier: MessageVerifier
  readonly #jobs: JobStore
  readonly #progress: ProgressReceiver
  readonly #listeners: EventListeners

  constructor(
    verifier: MessageVerifier,
    jobs: JobStore,
    progress: ProgressReceiver,
    listeners: EventListeners,
  ) {
    this.#verifier = verifier
    this.#jobs = jobs
    this.#progress = progress
    this.#listeners = listeners
  }

  /** @returns the response, which a socket does not send */
  receive(workerId: string, message: Message): Reply {
    const { body } = message
    const refusal = this.#verifier.refusalOf(workerId, message, UNSIGNED)
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
    const assigned = this.#jobs.get(id)?.workerId
    if (assigned === undefined || assigned === workerId) return undefined
    return { status: 403, error: `Forbidden: Worker '${workerId}' is not assigned to job '${id}'` }
  }

  #pass(workerId: string, body: Message['body']): Reply {
    const { event_type: type, payload, target_job_id, origin_task_id, target_task_id } = body
    const [jobId, taskId] = [text(target_job_id), text(origin_task_id) ?? text(target_task_id)]
    if (typeof type !== 'string' || !isObject(payload)) return { status: 'error' }
    const job = jobId === undefined ? undefined : this.#jobs.get(jobId)
    const { progress, message } = payload
    if (type === 'progress' && job?.taskId !== undefined) {
      const fraction = typeof progress === 'number' ? progress : 0
      this.#progress.take(workerId, job.id, job.taskId, { fraction, message: text(message) ?? '' })
    } else {
      this.#listeners.emit('event', { workerId, jobId, taskId, type, payload })
    }
    return { status: 'event_accepted' }
  }
}
