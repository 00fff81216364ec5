import { Hono } from 'hono'
import { isObject } from '../../utils/json.js'
import { isSameSecret } from '../access/secrets.js'
import type { AppParts } from '../app-parts.js'
import type { Generation } from '../generation.js'
import { completeRequest } from '../job-request.js'
import type { Refusal } from '../refusal.js'
import type { CancelReceipt } from '../run/job-runner.js'
import type { Job } from '../state/job.js'
import {
  answerJson,
  answerUnlessWrong,
  INVALID_JSON,
  JOB_NOT_FOUND,
  notFound,
  refuse,
  wrongMethod,
} from './answers.js'
import { readBody } from './body.js'
import { type HttpContext, type HttpEnv, headerOf } from './http-context.js'
import { viewOf } from './job-view.js'

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
export const FULL: Refusal = { status: 503, error: 'Too many open jobs: cancel some, or start a worker' }
const BAD_PAGE: Refusal = { status: 400, error: 'Invalid limit/offset parameter' }

const PATHS = /^\/api\/v1\/(workers|jobs(\/[^/]+(\/cancel)?)?)$/

type ClientHandler = (parts: AppParts, context: HttpContext) => Response | Promise<Response>

/** The routes under `/api/v1`. */
export const clientRoutes = (parts: AppParts): Hono<HttpEnv> => {
  const app = new Hono<HttpEnv>()
  const served = (handle: ClientHandler) => (context: HttpContext) =>
    refused(parts, context) ?? handle(parts, context)
  app.post('/jobs/:endpoint', served(createJob))
  app.get('/jobs', served(listJobs))
  app.get('/jobs/:id', served(readJob))
  app.post('/jobs/:id/cancel', served(cancelJob))
  app.get('/workers', served(listWorkers))
  return app
}

/** Refuses unknown paths and methods, after it has checked the token. */
export const unservedByClientRoutes = (parts: AppParts, context: HttpContext): Response =>
  refused(parts, context) ?? (PATHS.test(context.req.path) ? wrongMethod : notFound)(context)

const refused = ({ settings }: AppParts, context: HttpContext): Response | undefined => {
  const headers = TOKEN_HEADERS[settings.generation]
  const token = headers.map((name) => headerOf(context, name)).find(Boolean)
  if (token !== undefined && isSameSecret(token, settings.clientToken)) return undefined
  return refuse(context, token ? WRONG_TOKEN : missingToken(headers))
}

const listWorkers: ClientHandler = ({ workers }, context) => {
  const records = workers.live().map(({ record }) => record)
  return answerJson(context, records)
}

/** The names of tasks, as workers register them. */
const TASK_NAME = /^[\w-]{1,128}$/

const createJob: ClientHandler = async (parts, context) => {
  const endpoint = context.req.param('endpoint') ?? ''
  if (!TASK_NAME.test(endpoint)) return wrongMethod(context)
  if (parts.jobs.isFull) return refuse(context, FULL)
  const read = await readBody(context.env.incoming)
  if (read.kind !== 'json' || !isObject(read.value)) return refuse(context, INVALID_JSON)
  const { value } = read
  return answerUnlessWrong(context, () => {
    const { id } = createFrom(parts, endpoint, value, headerOf(context, 'traceparent'))
    return answerJson(context, { status: 'accepted', job_id: id }, 202)
  })
}

const createFrom = (
  { runner, settings, clock }: AppParts,
  endpoint: string,
  body: Record<string, unknown>,
  traceparent: string | undefined,
): Job => {
  const request = endpoint === GENERAL_ENDPOINT ? generalRequest(body) : requestOf(endpoint, body)
  return runner.create(completeRequest(request, settings.taskTimeoutMs, clock.wallMs(), traceparent))
}

/** The endpoint of the blueprint whose initial data name the task. */
const GENERAL_ENDPOINT = 'one_task'

/** As in the real orchestrator, the body itself may be the initial data. */
const generalRequest = (body: Record<string, unknown>) => {
  const { initial_data: initial = body } = body
  if (!isObject(initial)) throw new TypeError('initial_data must be an object')
  const { type: task, params, priority, timeout_seconds: seconds, result_timeout_seconds } = initial
  const { metadata, policy, security } = body
  return {
    ...{ task, params, priority, metadata, policy, security },
    timeoutMs: inMs(seconds),
    resultTimeoutMs: inMs(result_timeout_seconds),
  }
}

/** Each task has an endpoint of its own, as if it had a blueprint that passes its initial data on. */
const requestOf = (task: string, body: Record<string, unknown>) => {
  const { initial_data: params = {}, metadata, policy, security, result_timeout } = body
  return { task, params, metadata, policy, security, resultTimeoutMs: inMs(result_timeout) }
}

const inMs = (seconds: unknown): unknown =>
  typeof seconds === 'number' ? seconds * 1000 : (seconds ?? undefined)

const readJob: ClientHandler = ({ jobs }, context) => {
  const job = jobs.get(context.req.param('id') ?? '')
  return job ? answerJson(context, viewOf(job)) : refuse(context, JOB_NOT_FOUND)
}

const pageNumber = (text: string | undefined, fallback: number): number =>
  text === undefined ? fallback : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN

const listJobs: ClientHandler = ({ jobs }, context) => {
  const limit = pageNumber(context.req.query('limit'), 100)
  const offset = pageNumber(context.req.query('offset'), 0)
  if (Number.isNaN(limit + offset)) return refuse(context, BAD_PAGE)
  // A real orchestrator without a history lists nothing. This header tells clients that the list is complete.
  context.env.outgoing.setHeader('x-total-count', jobs.size)
  return answerJson(context, jobs.list(limit, offset).map(viewOf))
}

export const CANCEL_ANSWERS: Readonly<Record<CancelReceipt, Refusal | { readonly status: string }>> = {
  sent: { status: 'cancellation_request_sent' },
  accepted: { status: 'cancellation_request_accepted' },
  unknown_job: JOB_NOT_FOUND,
  not_waiting: NOT_WAITING,
  terminal: { status: 404, error: 'Job not found or already terminal.' },
}

const cancelJob: ClientHandler = ({ runner }, context) => {
  const answer = CANCEL_ANSWERS[runner.cancel(context.req.param('id') ?? '')]
  return 'error' in answer ? refuse(context, answer) : answerJson(context, answer)
}
