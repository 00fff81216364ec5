import type { KeyObject } from 'node:crypto'
import { ProtocolError, SECURITY_ERROR } from '../../errors.js'
import { isObject, type JsonObject } from '../../utils/json.js'
import { objectIn } from '../answers.js'
import type { FileMetadata, TaskFailure, TaskOffer } from '../messages.js'
import type { ServerClock, WireAnswer } from '../protocol.js'
import { problem } from './decode.js'
import { genuineness } from './signature.js'

type Body = Record<string, unknown>

/** @param key - verifies the task; `undefined`: nothing is verified */
export const readPoll = (
  answer: WireAnswer,
  key: KeyObject | undefined,
  clock: ServerClock,
): TaskOffer | null => {
  if (answer.status === 204) return null
  if (answer.status !== 200) throw problem('A poll', answer)
  const body = objectIn('A poll', answer)
  const proven = key ? genuineness(answer.text, key) : 'all'
  const refused = refusalOf(body, proven)
  return {
    ...idsOf(body),
    params: body['params'] ?? {},
    priority: numberOr(body['priority'], 0),
    tracingContext: isObject(body['tracing_context'])
      ? (body['tracing_context'] as Record<string, string>)
      : {},
    ...contextOf(body, proven === 'all'),
    ...deadlineOf(body['deadline'], clock),
    ...(refused && { refusal: refused }),
  }
}

const idsOf = (body: Body) => {
  const { job_id: jobId, task_id: taskId, type: taskName } = body
  if (typeof jobId === 'string' && typeof taskId === 'string' && typeof taskName === 'string') {
    return { jobId, taskId, taskName }
  }
  const members = Object.keys(body).slice(0, 20).join(', ')
  throw new ProtocolError(`A poll brought a task without job_id, task_id and type: it has ${members}`)
}

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise

const objectAt = <Name extends string>(name: Name, value: unknown) =>
  (isObject(value) ? { [name]: value as JsonObject } : {}) as { readonly [N in Name]?: JsonObject }

/** Metadata that the signature does not cover are not passed on as if it did. */
const contextOf = (body: Body, metadataProven: boolean) => ({
  step: numberOr(body['step'], 0),
  depth: numberOr(body['depth'], 0),
  ...(metadataProven && objectAt('metadata', body['metadata'])),
  ...objectAt('security', body['security']),
  ...filesOf(body['params_metadata']),
})

const filesOf = (files: unknown): Pick<TaskOffer, 'paramsMetadata'> => {
  if (!isObject(files)) return {}
  const named = Object.entries(files).flatMap(([name, file]) => {
    const metadata = fileOf(file)
    return metadata ? [[name, metadata] as const] : []
  })
  return { paramsMetadata: Object.fromEntries(named) }
}

const fileOf = (file: unknown): FileMetadata | undefined => {
  if (!isObject(file) || typeof file['uri'] !== 'string') return undefined
  const { uri, etag } = file
  return {
    uri,
    size: numberOr(file['size'], 0),
    ...(typeof etag === 'string' && { etag }),
    ...objectAt('metadata', file['metadata']),
  }
}

/** The orchestrator's own clock set it. */
const deadlineOf = (seconds: unknown, clock: ServerClock): Pick<TaskOffer, 'deadlineMs'> =>
  typeof seconds === 'number' ? { deadlineMs: clock.toLocalMs(seconds * 1_000) } : {}

const refusalOf = (body: Body, proven: ReturnType<typeof genuineness>): TaskFailure | undefined => {
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
