import { Hono } from 'hono'
import { isObject } from '../../utils/json.js'
import { type Gate, MISSING_WORKER_TOKEN, WORKER_TOKEN_HEADER } from '../gate.js'
import type { PollQueues } from '../queue/poll-queues.js'
import type { JobRunner, Receipt } from '../run/job-runner.js'
import type { WireOffer } from '../run/offer.js'
import type { WorkerStore } from '../state/worker-store.js'
import {
  answerJson,
  answerNothing,
  answerText,
  INVALID_JSON,
  internalError,
  JOB_NOT_FOUND,
  notFound,
  refuse,
  WORKER_NOT_FOUND,
  wrongMethod,
} from './answers.js'
import { type Body, readBody } from './body.js'
import { type Exchange, type HttpEnv, headerOf } from './exchange.js'

/** What the worker's side of the wire works with. */
export interface WorkerRouteParts {
  readonly gate: Gate
  readonly workers: WorkerStore
  readonly queues: PollQueues<WireOffer>
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

const PATHS = /^\/_worker\/(workers\/[^/]+(\/tasks\/next)?|tasks\/result|ws\/[^/]+)$/

/** The routes under `/_worker`. */
export const workerRoutes = (parts: WorkerRouteParts): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>()
  app.post('/workers/register', (exchange) => withMessage(parts, exchange, register))
  app.post('/tasks/result', (exchange) => withMessage(parts, exchange, takeResult))
  app.get('/workers/:id/tasks/next', (exchange) => withWorker(parts, exchange, poll))
  app.patch('/workers/:id', (exchange) => withWorker(parts, exchange, heartbeat))
  app.get('/ws/:id', (exchange) => withWorker(parts, exchange, noUpgrade))
  return app
}

/** What is said to a path or a method that is not served; not before the token is good. */
export const unservedByWorkerRoutes = (parts: WorkerRouteParts, exchange: Exchange): Response =>
  admit(parts, exchange, undefined) ?? (PATHS.test(exchange.req.path) ? wrongMethod : notFound)(exchange)

/** Answers when the visit is refused. */
const admit = (
  { gate }: WorkerRouteParts,
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
  parts: WorkerRouteParts,
  exchange: Exchange,
  workerId: string,
) => Response | Promise<Response>

/** For routes that name the worker in the path. */
const withWorker = (
  parts: WorkerRouteParts,
  exchange: Exchange,
  handle: WorkerHandler,
): Response | Promise<Response> => {
  const workerId = exchange.req.param('id') ?? ''
  return admit(parts, exchange, workerId, workerId) ?? handle(parts, exchange, workerId)
}

type MessageHandler = (parts: WorkerRouteParts, exchange: Exchange, message: Message) => Response

/** For routes that name the worker in the body, which has to be read first. */
const withMessage = async (
  parts: WorkerRouteParts,
  exchange: Exchange,
  handle: MessageHandler,
): Promise<Response> => {
  if (!headerOf(exchange, WORKER_TOKEN_HEADER)) return refuse(exchange, MISSING_WORKER_TOKEN)
  const read = await readBody(exchange.env.incoming)
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

const heartbeat: WorkerHandler = async (parts, exchange, workerId) => {
  const body = await readBody(exchange.env.incoming)
  if (changesNothing(body)) return refreshed(parts, exchange, workerId)
  if (body.kind !== 'json' || !isObject(body.value)) return refuse(exchange, INVALID_JSON)
  const worker = parts.workers.update(workerId, body.value)
  if (!worker) return refuse(exchange, WORKER_NOT_FOUND)
  parts.runner.serve(worker)
  return answerJson(exchange, worker.record)
}

const refreshed = ({ workers }: WorkerRouteParts, exchange: Exchange, workerId: string): Response =>
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
