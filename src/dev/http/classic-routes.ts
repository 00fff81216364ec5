import { isObject } from '../../utils/json.js'
import { type Gate, MISSING_WORKER_TOKEN, WORKER_TOKEN_HEADER } from '../gate.js'
import type { PollQueues } from '../queue/poll-queues.js'
import type { JobRunner, Receipt } from '../run/job-runner.js'
import type { WorkerStore } from '../state/worker-store.js'
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
import { type Exchange, headerOf } from './exchange.js'
import type { Visit, WorkerHandlers } from './worker-handlers.js'

/** What the first generation's side of the wire works with. */
export interface ClassicParts {
  readonly gate: Gate
  readonly workers: WorkerStore
  readonly queues: PollQueues<object>
  readonly runner: JobRunner
  readonly pollHoldMs: number
}

type JsonObject = Record<string, unknown>
/** A body, and the worker that it says it comes from. */
interface Message {
  readonly body: JsonObject
  readonly workerId: string | undefined
}

const textOr = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** The first generation's answers. */
export const classicHandlers = (parts: ClassicParts): WorkerHandlers => ({
  register: (visit) => withMessage(parts, visit, register),
  result: (visit) => withMessage(parts, visit, takeResult),
  poll: (visit) => withWorker(parts, visit, poll),
  heartbeat: (visit) => withWorker(parts, visit, heartbeat),
  noUpgrade: (visit) => withWorker(parts, visit, noUpgrade),
  refusal: ({ exchange }) => admit(parts, exchange, undefined),
})

/** Answers when the visit is refused. */
const admit = (
  { gate }: ClassicParts,
  exchange: Exchange,
  workerId: string | undefined,
  countedAs?: string,
): Response | undefined => {
  const refusal = gate.refusalOf({
    token: headerOf(exchange, WORKER_TOKEN_HEADER),
    workerId,
    countedAs: countedAs ?? exchange.env.incoming.socket.remoteAddress ?? 'unknown',
    path: exchange.req.path,
  })
  return refusal && refuse(exchange, refusal)
}

type WorkerHandler = (
  parts: ClassicParts,
  exchange: Exchange,
  workerId: string,
  body: Body,
) => Response | Promise<Response>

/** For routes that name the worker in the path. */
const withWorker = (
  parts: ClassicParts,
  { exchange, body, pathId = '' }: Visit,
  handle: WorkerHandler,
): Response | Promise<Response> =>
  admit(parts, exchange, pathId, pathId) ?? handle(parts, exchange, pathId, body)

type MessageHandler = (parts: ClassicParts, exchange: Exchange, message: Message) => Response

/** For routes that name the worker in the body. */
const withMessage = (
  parts: ClassicParts,
  { exchange, body: read }: Visit,
  handle: MessageHandler,
): Response => {
  if (!headerOf(exchange, WORKER_TOKEN_HEADER)) return refuse(exchange, MISSING_WORKER_TOKEN)
  if (read.kind !== 'json' || !isObject(read.value)) return refuse(exchange, INVALID_JSON)
  const { value: body } = read
  const { worker_id } = body
  const workerId = textOr(worker_id)
  return admit(parts, exchange, workerId) ?? handle(parts, exchange, { body, workerId })
}

const register: MessageHandler = ({ workers, runner }, exchange, { body, workerId }) => {
  if (Object.keys(body).length === 0) {
    return refuse(exchange, { status: 500, error: 'Worker data not found in request' })
  }
  if (!workerId) return refuse(exchange, { status: 400, error: 'Missing required field: worker_id' })
  runner.serve(workers.register(workerId, body))
  return answerJson(exchange, { status: 'registered' })
}

/** Nothing, or nothing that can be merged: such a heartbeat only renews the time to live. */
const changesNothing = (body: Body): boolean =>
  body.kind !== 'json' || !body.value || (isObject(body.value) && Object.keys(body.value).length === 0)

const heartbeat: WorkerHandler = (parts, exchange, workerId, body) => {
  if (changesNothing(body)) return refreshed(parts, exchange, workerId)
  if (body.kind !== 'json' || !isObject(body.value)) return refuse(exchange, INVALID_JSON)
  const worker = parts.workers.update(workerId, body.value)
  if (!worker) return refuse(exchange, WORKER_NOT_FOUND)
  parts.runner.serve(worker)
  return answerJson(exchange, worker.record)
}

const refreshed = ({ workers }: ClassicParts, exchange: Exchange, workerId: string): Response =>
  workers.touch(workerId)
    ? answerJson(exchange, { status: 'ttl_refreshed' })
    : refuse(exchange, WORKER_NOT_FOUND)

const poll: WorkerHandler = async ({ queues, pollHoldMs }, exchange, workerId) => {
  const offer = await queues.next(workerId, pollHoldMs)
  return offer ? answerJson(exchange, offer) : answerNothing(exchange)
}

const noUpgrade: WorkerHandler = (_parts, exchange) =>
  answerText(exchange, 'No WebSocket UPGRADE hdr: None\n Can "Upgrade" only to "WebSocket".', 400)

const takeResult: MessageHandler = ({ runner }, exchange, { body, workerId }) => {
  const { job_id, task_id, result = {} } = body
  if (!isObject(result)) return refuse(exchange, INVALID_JSON)
  if (!workerId) return refuse(exchange, { status: 500, error: 'Could not identify authenticated worker.' })
  const jobId = textOr(job_id)
  if (!jobId || !textOr(task_id)) {
    return refuse(exchange, { status: 400, error: 'job_id and task_id are required' })
  }
  return answerReceipt(exchange, runner.takeResult(jobId, result))
}

const answerReceipt = (exchange: Exchange, receipt: Receipt): Response => {
  if (receipt === 'unknown_job') return refuse(exchange, JOB_NOT_FOUND)
  if (receipt === 'not_dispatched') return internalError(exchange)
  return answerJson(exchange, { status: `result_accepted_${receipt}` })
}
