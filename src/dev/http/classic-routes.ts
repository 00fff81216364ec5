import { isObject } from '../../utils/json.js'
import type { AppParts } from '../app-parts.js'
import { MISSING_WORKER_TOKEN, WORKER_TOKEN_HEADER } from '../classic-auth.js'
import type { ClassicReceipt } from '../run/job-runner.js'
import {
  answerJson,
  answerNothing,
  answerText,
  INVALID_JSON,
  internalError,
  JOB_NOT_FOUND,
  refuse,
  WORKER_NOT_FOUND,
} from './answers.js'
import type { Body } from './body.js'
import { type HttpContext, headerOf } from './http-context.js'
import type { WorkerHandlers, WorkerRequest } from './worker-request.js'

type JsonObject = Record<string, unknown>
/** A body, and the worker id in it. */
interface Message {
  readonly body: JsonObject
  readonly workerId: string | undefined
}

const textOr = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** The routes of the first generation. */
export const classicHandlers = (parts: AppParts): WorkerHandlers => ({
  register: (request) => withMessage(parts, request, register),
  result: (request) => withMessage(parts, request, takeResult),
  poll: (request) => withWorker(parts, request, poll),
  heartbeat: (request) => withWorker(parts, request, heartbeat),
  noUpgrade: (request) => withWorker(parts, request, noUpgrade),
  refusal: ({ context }) => refusalOf(parts, context, undefined),
})

/** Returns the response to a request that is refused, or `undefined` if it is allowed. */
const refusalOf = (
  { classicAuth }: AppParts,
  context: HttpContext,
  workerId: string | undefined,
  countedAs?: string,
): Response | undefined => {
  const refusal = classicAuth.refusalOf({
    token: headerOf(context, WORKER_TOKEN_HEADER),
    workerId,
    countedAs: countedAs ?? context.env.incoming.socket.remoteAddress ?? 'unknown',
    path: context.req.path,
  })
  return refusal && refuse(context, refusal)
}

type WorkerHandler = (
  parts: AppParts,
  context: HttpContext,
  workerId: string,
  body: Body,
) => Response | Promise<Response>

/** Handles routes that name the worker in the path. */
const withWorker = (
  parts: AppParts,
  { context, body, pathId = '' }: WorkerRequest,
  handle: WorkerHandler,
): Response | Promise<Response> =>
  refusalOf(parts, context, pathId, pathId) ?? handle(parts, context, pathId, body)

type MessageHandler = (parts: AppParts, context: HttpContext, message: Message) => Response

/** Handles routes that name the worker in the body. */
const withMessage = (
  parts: AppParts,
  { context, body: read }: WorkerRequest,
  handle: MessageHandler,
): Response => {
  if (!headerOf(context, WORKER_TOKEN_HEADER)) return refuse(context, MISSING_WORKER_TOKEN)
  if (read.kind !== 'json' || !isObject(read.value)) return refuse(context, INVALID_JSON)
  const { value: body } = read
  const { worker_id } = body
  const workerId = textOr(worker_id)
  return refusalOf(parts, context, workerId) ?? handle(parts, context, { body, workerId })
}

const register: MessageHandler = ({ workers, runner }, context, { body, workerId }) => {
  if (Object.keys(body).length === 0) {
    return refuse(context, { status: 500, error: 'Worker data not found in request' })
  }
  if (!workerId) return refuse(context, { status: 400, error: 'Missing required field: worker_id' })
  runner.serve(workers.register(workerId, body))
  return answerJson(context, { status: 'registered' })
}

/** Whether a heartbeat has no data to merge, and only extends the time to live. */
const changesNothing = (body: Body): boolean =>
  body.kind !== 'json' || !body.value || (isObject(body.value) && Object.keys(body.value).length === 0)

const heartbeat: WorkerHandler = (parts, context, workerId, body) => {
  if (changesNothing(body)) return refreshed(parts, context, workerId)
  if (body.kind !== 'json' || !isObject(body.value)) return refuse(context, INVALID_JSON)
  const worker = parts.workers.update(workerId, body.value)
  if (!worker) return refuse(context, WORKER_NOT_FOUND)
  parts.runner.serve(worker)
  return answerJson(context, worker.record)
}

const refreshed = ({ workers }: AppParts, context: HttpContext, workerId: string): Response =>
  workers.touch(workerId)
    ? answerJson(context, { status: 'ttl_refreshed' })
    : refuse(context, WORKER_NOT_FOUND)

const poll: WorkerHandler = async ({ queues, settings }, context, workerId) => {
  const offer = await queues.next(workerId, settings.pollHoldMs)
  return offer ? answerJson(context, offer) : answerNothing(context)
}

const noUpgrade: WorkerHandler = (_parts, context) =>
  answerText(context, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".', 400)

const takeResult: MessageHandler = ({ runner }, context, { body, workerId }) => {
  const { job_id, task_id, result = {} } = body
  if (!isObject(result)) return refuse(context, INVALID_JSON)
  if (!workerId) return refuse(context, { status: 500, error: 'Could not identify authenticated worker.' })
  const jobId = textOr(job_id)
  if (!jobId || !textOr(task_id)) {
    return refuse(context, { status: 400, error: 'job_id and task_id are required' })
  }
  return answerReceipt(context, runner.takeResult(jobId, result))
}

const answerReceipt = (context: HttpContext, receipt: ClassicReceipt): Response => {
  if (receipt === 'unknown_job') return refuse(context, JOB_NOT_FOUND)
  if (receipt === 'not_dispatched') return internalError(context)
  return answerJson(context, { status: `result_accepted_${receipt}` })
}
