import { ProtocolError, UnknownWorkerError } from '../../errors.js'
import { isObject } from '../../utils/json.js'
import { exactParamsIn, objectIn, refusal } from '../answers.js'
import type { Receipt, TaskOffer } from '../messages.js'
import type { WireAnswer } from '../protocol.js'
import { taskIn, UnreadableTask, withoutIds } from '../task-body.js'

export const readRegistration = (answer: WireAnswer): void => {
  if (answer.status !== 200) throw refusal('The registration', answer)
}

const NOTHING_CANCELLED: readonly string[] = []

export const readHeartbeat = (answer: WireAnswer): readonly string[] => {
  // For an unknown worker, orchestrators up to 1.0b8 return 404, and 1.0b9 to 1.0b13 return 200 with `null`.
  if (answer.status === 200 && answer.text.trim() === 'null')
    throw new UnknownWorkerError('A heartbeat was answered null: the orchestrator does not know this worker')
  if (answer.status === 200) return NOTHING_CANCELLED
  const error = refusal('A heartbeat', answer)
  throw answer.status === 404 ? new UnknownWorkerError(error.message) : error
}

export const readPoll = (answer: WireAnswer): TaskOffer | null => {
  if (answer.status === 204) return null
  if (answer.status !== 200) throw refusal('A poll', answer)
  const body = taskIn(answer)
  return body instanceof UnreadableTask ? body.offer : offerFrom(body, answer)
}

const offerFrom = (body: Record<string, unknown>, answer: WireAnswer): TaskOffer => {
  const { job_id: jobId, task_id: taskId, type: taskName, params, tracing_context: tracing, priority } = body
  if (typeof jobId !== 'string' || typeof taskId !== 'string' || typeof taskName !== 'string') {
    throw withoutIds(body, answer)
  }
  return {
    jobId,
    taskId,
    taskName,
    params: params ?? {},
    exactParams: exactParamsIn(answer.text),
    priority: typeof priority === 'number' ? priority : 0,
    tracingContext: isObject(tracing) ? (tracing as Record<string, string>) : {},
  }
}

const TAKEN: Receipt = { kind: 'taken' }

/** A JSON object with a status acknowledges the result. A page from a proxy does not. */
export const readResult = (answer: WireAnswer): Receipt => {
  if (answer.status !== 200) throw refusal('A result', answer)
  const body = objectIn('A result', answer)
  if (typeof body['status'] !== 'string') {
    throw new ProtocolError('Result answered 200 without a status: the orchestrator may not have accepted it')
  }
  return TAKEN
}
