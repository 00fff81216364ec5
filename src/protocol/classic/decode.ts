import { ProtocolError, UnknownWorkerError } from '../../errors.js'
import { isObject, type JsonObject } from '../../utils/json.js'
import { objectIn, refusal } from '../answers.js'
import type { Command, TaskOffer } from '../messages.js'
import type { WireAnswer } from '../protocol.js'

export const readRegistration = (answer: WireAnswer): void => {
  if (answer.status !== 200) throw refusal('The registration', answer)
}

export const readHeartbeat = (answer: WireAnswer): void => {
  if (answer.status === 200) return
  const error = refusal('A heartbeat', answer)
  throw answer.status === 404 ? new UnknownWorkerError(error.message) : error
}

export const readPoll = (answer: WireAnswer): TaskOffer | null => {
  if (answer.status === 204) return null
  if (answer.status !== 200) throw refusal('A poll', answer)
  return offerFrom(objectIn('A poll', answer))
}

const offerFrom = (body: Record<string, unknown>): TaskOffer => {
  const { job_id: jobId, task_id: taskId, type: taskName, params, tracing_context: tracing, priority } = body
  if (typeof jobId !== 'string' || typeof taskId !== 'string' || typeof taskName !== 'string') {
    const members = Object.keys(body).slice(0, 20).join(', ')
    throw new ProtocolError(`A poll brought a task without job_id, task_id and type: it has ${members}`)
  }
  return {
    jobId,
    taskId,
    taskName,
    params: params ?? {},
    priority: typeof priority === 'number' ? priority : 0,
    tracingContext: isObject(tracing) ? (tracing as Record<string, string>) : {},
  }
}

/** Any JSON object with a status counts as taken; a page that a proxy put there does not. */
export const readResult = (answer: WireAnswer): void => {
  if (answer.status !== 200) throw refusal('A result', answer)
  const body = objectIn('A result', answer)
  if (typeof body['status'] !== 'string') {
    throw new ProtocolError('A result was answered 200 without a status: it may not have been taken')
  }
}

/** The published worker reads the key `type`, the orchestrator writes `command`: both are understood. */
export const readCommand = (text: string): Command | null => {
  const body = objectIn('The socket', { status: 101, text, headers: {} })
  const name = body['command'] ?? body['type']
  if (typeof name !== 'string') return null
  const { task_id: taskId, job_id: jobId } = body
  if (name !== 'cancel_task') return { kind: 'other', name, payload: body as JsonObject }
  if (typeof taskId !== 'string')
    throw new ProtocolError('The socket brought a cancel_task without a task_id')
  return { kind: 'cancel', taskId, jobId: typeof jobId === 'string' ? jobId : '' }
}
