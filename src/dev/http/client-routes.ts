import { Hono } from 'hono'
import { isObject } from '../../utils/json.js'
import type { Generation } from '../generation.js'
import { completeRequest } from '../job-request.js'
import type { Refusal } from '../refusal.js'
import type { CancelReceipt, JobRunner } from '../run/job-runner.js'
import type { Job } from '../state/job.js'
import type { JobStore } from '../state/job-store.js'
import type { WorkerStore } from '../state/worker-store.js'
import { answerJson, INVALID_JSON, JOB_NOT_FOUND, notFound, refuse, wrongMethod } from './answers.js'
import { readBody } from './body.js'
import { type Exchange, type HttpEnv, headerOf } from './exchange.js'
import { viewOf } from './job-view.js'

/** What the client's side of the wire works with. */
export interface ClientRouteParts {
  readonly clientToken: string
  readonly generation: Generation | 'auto'
  readonly jobs: JobStore
  readonly workers: WorkerStore
  readonly runner: JobRunner
  readonly taskTimeoutMs: number
}

const TOKEN_HEADERS: Readonly<Record<Generation | 'auto', readonly string[]>> = {
  classic: ['X-Avtomatika-Token'],
  rxon: ['X-Client-Token'],
  auto: ['X-Avtomatika-Token', 'X-Client-Token'],
}

const missingToken = ([name]: readonly string[]): Refusal => ({
  status: 401,
  error: `Missing ${name} header`,
})
export const WRONG_TOKEN: Refusal = { status: 401, error: 'Unauthorized: Invalid token' }
const NOT_WAITING: Refusal = {
  status: 409,
  error: 'Job is not in a state that can be cancelled (must be waiting for a worker).',
}
const BAD_PAGE: Refusal = { status: 400, error: 'Invalid limit/offset parameter' }

const PATHS = /^\/api\/v1\/(workers|jobs(\/[^/]+(\/cancel)?)?)$/

type ClientHandler = (parts: ClientRouteParts, exchange: Exchange) => Response | Promise<Response>

/** The routes under `/api/v1`. */
export const clientRoutes = (parts: ClientRouteParts): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>()
  const served = (handle: ClientHandler) => (exchange: Exchange) =>
    refused(parts, exchange) ?? handle(parts, exchange)
  app.post('/jobs/:endpoint', served(createJob))
  app.get('/jobs', served(listJobs))
  app.get('/jobs/:id', served(readJob))
  app.post('/jobs/:id/cancel', served(cancelJob))
  app.get('/workers', served(listWorkers))
  return app
}

/** What is said to a path or a method that is not served; not before the token is good. */
export const unservedByClientRoutes = (parts: ClientRouteParts, exchange: Exchange): Response =>
  refused(parts, exchange) ?? (PATHS.test(exchange.req.path) ? wrongMethod : notFound)(exchange)

const refused = ({ clientToken, generation }: ClientRouteParts, exchange: Exchange): Response | undefined => {
  const headers = TOKEN_HEADERS[generation]
  const token = headers.map((name) => headerOf(exchange, name)).find(Boolean)
  if (token === clientToken) return undefined
  return refuse(exchange, token ? WRONG_TOKEN : missingToken(headers))
}

const listWorkers: ClientHandler = ({ workers }, exchange) => {
  const records = workers.live().map(({ record }) => record)
  return answerJson(exchange, records)
}

const createJob: ClientHandler = async (parts, exchange) => {
  if (exchange.req.param('endpoint') !== 'one_task') return wrongMethod(exchange)
  const read = await readBody(exchange.env.incoming)
  if (read.kind !== 'json' || !isObject(read.value)) return refuse(exchange, INVALID_JSON)
  try {
    const { id } = createFrom(parts, read.value, headerOf(exchange, 'traceparent'))
    return answerJson(exchange, { status: 'accepted', job_id: id }, 202)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return refuse(exchange, { status: 400, error: error.message })
  }
}

/** As in the real one, the initial data may also be the body itself. */
const createFrom = (
  { runner, taskTimeoutMs }: ClientRouteParts,
  body: Record<string, unknown>,
  traceparent: string | undefined,
): Job => {
  const { initial_data: initial = body } = body
  if (!isObject(initial)) throw new TypeError('initial_data must be an object')
  const { type: task, params, priority, timeout_seconds: seconds, result_timeout_seconds } = initial
  const { metadata, policy, security } = body
  const wish = {
    ...{ task, params, priority, metadata, policy, security },
    timeoutMs: inMs(seconds),
    resultTimeoutMs: inMs(result_timeout_seconds),
  }
  return runner.create(completeRequest(wish, taskTimeoutMs, traceparent))
}

const inMs = (seconds: unknown): unknown =>
  typeof seconds === 'number' ? seconds * 1000 : (seconds ?? undefined)

const readJob: ClientHandler = ({ jobs }, exchange) => {
  const job = jobs.get(exchange.req.param('id') ?? '')
  return job ? answerJson(exchange, viewOf(job)) : refuse(exchange, JOB_NOT_FOUND)
}

const pageNumber = (text: string | undefined, fallback: number): number =>
  text === undefined ? fallback : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN

const listJobs: ClientHandler = ({ jobs }, exchange) => {
  const limit = pageNumber(exchange.req.query('limit'), 100)
  const offset = pageNumber(exchange.req.query('offset'), 0)
  if (Number.isNaN(limit + offset)) return refuse(exchange, BAD_PAGE)
  return answerJson(exchange, jobs.list(limit, offset).map(viewOf))
}

const CANCEL_ANSWERS: Readonly<Record<CancelReceipt, Refusal | { readonly status: string }>> = {
  sent: { status: 'cancellation_request_sent' },
  accepted: { status: 'cancellation_request_accepted' },
  unknown_job: JOB_NOT_FOUND,
  not_waiting: NOT_WAITING,
  terminal: { status: 404, error: 'Job not found or already terminal.' },
}

const cancelJob: ClientHandler = ({ runner }, exchange) => {
  const answer = CANCEL_ANSWERS[runner.cancel(exchange.req.param('id') ?? '')]
  return 'error' in answer ? refuse(exchange, answer) : answerJson(exchange, answer)
}
