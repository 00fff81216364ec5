import type { KeyObject } from 'node:crypto'
import { ProtocolError, SECURITY_ERROR } from '../../errors.js'
import { isObject, type JsonObject } from '../../utils/json.js'
import { exactParamsIn, objectIn } from '../answers.js'
import type { FileMetadata, TaskFailure, TaskOffer } from '../messages.js'
import type { ServerClock, WireAnswer } from '../protocol.js'
import { errorFor } from './decode.js'
import { provenMembers } from './signature.js'

type Body = Record<string, unknown>

/** @param key - verifies the task; `undefined` if tasks are not verified */
export const readPoll = (
  answer: WireAnswer,
  key: KeyObject | undefined,
  clock: ServerClock,
): TaskOffer | null => {
  if (answer.status === 204) return null
  if (answer.status !== 200) throw errorFor('A poll', answer)
  const body = objectIn('A poll', answer)
  const proven = key ? provenMembers(answer.text, body, key) : 'all'
  const { job_id: jobId, task_id: taskId, type: taskName, tracing_context: tracing } = body
  if (typeof jobId !== 'string' || typeof taskId !== 'string' || typeof taskName !== 'string') {
    const members = Object.keys(body).slice(0, 20).join(', ')
    throw new ProtocolError(`A poll brought a task without job_id, task_id and type: it has ${members}`)
  }
  // The hot path: one plain object costs a fraction of several spreads.
  return {
    jobId,
    taskId,
    taskName,
    params: body['params'] ?? {},
    exactParams: exactParamsIn(answer.text),
    priority: numberOr(body['priority'], 0),
    tracingContext: isObject(tracing) ? (tracing as Record<string, string>) : {},
    step: numberOr(body['step'], 0),
    depth: numberOr(body['depth'], 0),
    // A handler must not trust metadata that the signature does not prove.
    metadata: proven === 'all' ? objectIf(body['metadata']) : undefined,
    security: objectIf(body['security']),
    paramsMetadata: filesOf(body['params_metadata']),
    deadlineMs: deadlineOf(body['deadline'], clock),
    refusal: refusalOf(body, proven),
  }
}

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise

const objectIf = (value: unknown): JsonObject | undefined =>
  isObject(value) ? (value as JsonObject) : undefined

const filesOf = (files: unknown): TaskOffer['paramsMetadata'] => {
  if (!isObject(files)) return undefined
  const named = Object.entries(files).flatMap(([name, file]) => {
    const metadata = fileOf(file)
    return metadata ? [[name, metadata] as const] : []
  })
  return Object.fromEntries(named)
}

const fileOf = (file: unknown): FileMetadata | undefined => {
  if (!isObject(file) || typeof file['uri'] !== 'string') return undefined
  const { uri, etag } = file
  const metadata = objectIf(file['metadata'])
  return {
    uri,
    size: numberOr(file['size'], 0),
    ...(typeof etag === 'string' && { etag }),
    ...(metadata && { metadata }),
  }
}

/** Deadlines are by the clock of the orchestrator. */
const deadlineOf = (seconds: unknown, clock: ServerClock): number | undefined =>
  typeof seconds === 'number' ? clock.toLocalMs(seconds * 1_000) : undefined

const refusalOf = (body: Body, proven: ReturnType<typeof provenMembers>): TaskFailure | undefined => {
  if (proven === 'none') {
    return {
      code: SECURITY_ERROR,
      message:
        'The signature of the task is missing or wrong: the worker and the orchestrator need the same ORCHESTRATOR_SECRET_KEY',
    }
  }
  const allowed = isObject(body['policy']) ? body['policy']['allowed_skills'] : undefined
  if (!Array.isArray(allowed) || allowed.includes(body['type'])) return undefined
  return {
    code: SECURITY_ERROR,
    message: `The policy of the task does not allow "${String(body['type'])}", but ${allowed.join(', ') || 'nothing'}`,
  }
}
