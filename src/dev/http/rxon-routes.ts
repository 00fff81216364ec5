import { isObject } from '../../utils/json.js'
import type { AppParts } from '../app-parts.js'
import { RXON_VERSION, RXON_VERSION_HEADER } from '../generation.js'
import type { Refusal } from '../refusal.js'
import type { Message } from '../rxon/message-verifier.js'
import type { MessageType } from '../rxon/rxon-auth.js'
import { isIdentifier, keptOf, problemOfRegistration, problemOfResult } from '../rxon/shape.js'
import { withoutNulls } from '../rxon/signing.js'
import { isTerminal } from '../state/job.js'
import { answerJson, answerNothing, answerText, refuse } from './answers.js'
import { MAX_BYTES } from './body.js'
import { type HttpContext, headerOf } from './http-context.js'
import type { RouteHandler, WorkerHandlers, WorkerRequest } from './worker-request.js'

/** The routes of the second generation. */
export interface RxonHandlers extends WorkerHandlers {
  event(request: WorkerRequest): Response | Promise<Response>
  token(request: WorkerRequest): Response | Promise<Response>
  refresh(request: WorkerRequest): Response | Promise<Response>
}

/** A request whose token is valid. */
interface AuthenticatedRequest extends WorkerRequest {
  readonly workerId: string
  readonly message: Message
}

type Reply = (
  parts: AppParts,
  request: AuthenticatedRequest,
) => object | null | undefined | Promise<object | undefined>

export const rxonHandlers = (parts: AppParts): RxonHandlers => {
  const answering =
    (type: MessageType, reply: Reply): RouteHandler =>
    (request) =>
      guarded(request.context, () => answerTo(parts, request, type, reply))
  return {
    register: answering('register', register),
    heartbeat: answering('heartbeat', heartbeat),
    poll: answering('poll', poll),
    result: answering('result', takeResult),
    event: answering('event', takeEvent),
    token: answering('sts_token', ({ tokens }, { workerId }) => tokens.issue(workerId)),
    refresh: (request) => answer(request.context, refresh(parts, request)),
    noUpgrade: ({ context }) => answerText(context, 'No WebSocket UPGRADE hdr: None', 400),
    refusal: () => undefined,
  }
}

const isRefusal = (reply: object): reply is Refusal => 'error' in reply && 'status' in reply

const answer = (context: HttpContext, reply: object | null | undefined): Response => {
  if (reply === undefined) return answerNothing(context)
  if (reply && isRefusal(reply) && typeof reply.status === 'number') return refuse(context, reply)
  return answerJson(context, reply, reply && 'error' in reply ? 500 : 200)
}

/** A message that cannot be signed at all makes the real orchestrator fail, too. */
const guarded = async (context: HttpContext, act: () => Promise<Response>): Promise<Response> => {
  try {
    return await act()
  } catch (error) {
    if (error instanceof RangeError) return refuse(context, { status: 500, error: error.message })
    throw error
  }
}

const answerTo = async (
  parts: AppParts,
  request: WorkerRequest,
  type: MessageType,
  reply: Reply,
): Promise<Response> => {
  const { context, pathId } = request
  const message = messageIn(request, type)
  if ('error' in message) return refuse(context, message)
  const claimed = pathId ?? headerOf(context, 'X-Worker-ID') ?? textOr(message.body['worker_id'])
  const workerId = parts.rxonAuth.authenticate(headerOf(context, 'X-Worker-Token'), claimed, type)
  if (typeof workerId !== 'string') return refuse(context, workerId)
  return answer(context, await reply(parts, { ...request, workerId, message }))
}

const EMPTY: Message = { body: {}, json: '' }

const messageIn = ({ body }: WorkerRequest, type: MessageType): Message | Refusal => {
  switch (body.kind) {
    case 'too_long':
      return { status: 413, error: `Maximum request body size ${MAX_BYTES} exceeded.` }
    case 'unreadable':
      return { status: 400, error: 'unexpected character: the body is no JSON' }
    case 'empty':
      return MAY_BE_EMPTY.has(type) ? EMPTY : { status: 400, error: 'Input is a zero-length, empty document' }
    default:
      return isObject(body.value)
        ? { body: body.value, json: body.text }
        : { status: 500, error: "the body is no object: it has no attribute 'get'" }
  }
}

const MAY_BE_EMPTY: ReadonlySet<MessageType> = new Set(['heartbeat', 'poll', 'sts_token'])

const textOr = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const MISMATCH: Refusal = { status: 403, error: 'Immediate sender ID mismatch' }

const register: Reply = ({ verifier, workers, runner }, { context, workerId, message }) => {
  const { body } = message
  if (typeof body['worker_id'] !== 'string')
    return { status: 400, error: 'Missing or invalid worker_id in registration data' }
  if (body['worker_id'] !== workerId) return MISMATCH
  const refusal = verifier.refusalOf(workerId, message)
  if (refusal) return refusal
  const problem = problemOfRegistration(body)
  if (problem) return { status: 400, error: `Invalid WorkerRegistration payload: ${problem}` }
  if (!isIdentifier(workerId))
    return { status: 400, error: `Invalid worker_id: '${workerId}'. ${IDENTIFIER}` }
  const { supported_skills = [], ...record } = withoutNulls(keptOf(body))
  runner.serve(workers.register(workerId, { ...record, supported_skills }, 'rxon'))
  return {
    status: 'registered',
    version: RXON_VERSION,
    ...warningTo(headerOf(context, RXON_VERSION_HEADER)),
  }
}

const IDENTIFIER = 'Must be alphanumeric, underscores, or hyphens only (max 128 characters).'

const warningTo = (version = RXON_VERSION): object =>
  version === RXON_VERSION
    ? {}
    : { warning: `Protocol version mismatch! Orchestrator: ${RXON_VERSION}, Worker: ${version}.` }

/** Only an empty heartbeat tells a worker that it is unknown. */
const heartbeat: Reply = (parts, { workerId, message }) => {
  const { verifier, workers, runner } = parts
  const { body } = message
  if (Object.keys(body).length === 0) return workers.touch(workerId) ? { status: 'ttl_refreshed' } : null
  const refusal = verifier.refusalOf(workerId, message)
  if (refusal) return refusal
  const known = workers.get(workerId)
  if (!known) return { status: 'ok' }
  const { supported_skills: skills, ...light } = body
  const isInSync = Boolean(body['skills_hash']) && body['skills_hash'] === known.record['skills_hash']
  // As in the real orchestrator, skills are ignored if their hash is known.
  const worker = workers.update(workerId, isInSync || skills === undefined ? light : body)
  if (worker) runner.serve(worker)
  return {
    status: 'ok',
    ...(isInSync && known.taskNames.length === 0 && { require_full_sync: true }),
    ...cancellations(parts, body['current_tasks']),
  }
}

/** Names the jobs of the worker that have ended. The real orchestrator looks for jobs only, too, not for tasks. */
const cancellations = ({ jobs }: AppParts, current: unknown): object => {
  const ids = Array.isArray(current) ? current.filter((id) => typeof id === 'string') : []
  const ended = ids.filter((id) => {
    const status = jobs.get(id)?.status
    return status !== undefined && (isTerminal(status) || status === 'cancelled')
  })
  return ended.length > 0 ? { cancel_task_ids: ended } : {}
}

const poll: Reply = ({ queues, settings }, { workerId }) => queues.next(workerId, settings.pollHoldMs)

const takeResult: Reply = ({ verifier, runner }, { workerId, message }) => {
  const { body } = message
  const refusal = verifier.refusalOf(workerId, message)
  if (refusal) return refusal
  const problem = problemOfResult(body)
  if (problem) return { status: 400, error: `Invalid TaskResult payload: ${problem}` }
  const { worker_id } = body
  if ((worker_id ?? workerId) !== workerId) {
    const said = `Authenticated worker '${workerId}' cannot submit results for another worker '${worker_id}'.`
    return { status: 403, error: `Forbidden: ${said}` }
  }
  return runner.takeRxonResult({ workerId, body: withoutNulls(body) })
}

const takeEvent: Reply = ({ receiver }, { workerId, message }) => receiver.receive(workerId, message)

const refresh = ({ rxonAuth, tokens }: AppParts, request: WorkerRequest): object => {
  const message = messageIn(request, 'sts_refresh')
  if ('error' in message) return message
  const { refresh_token, worker_id } = message.body
  const workerId = headerOf(request.context, 'X-Worker-ID') ?? textOr(worker_id)
  const tooMany = rxonAuth.refusalOfRate(`refresh ${workerId}`)
  if (tooMany) return tooMany
  if (typeof refresh_token !== 'string' || refresh_token === '')
    return { status: 400, error: 'Missing refresh_token in payload' }
  if (!workerId) return { status: 400, error: 'Missing worker_id identification' }
  const owner = tokens.ownerOfRefresh(refresh_token)
  if (owner === workerId) return tokens.issue(workerId)
  const why = owner === undefined ? 'not found' : 'owner mismatch'
  return { status: 403, error: `Unauthorized: Invalid refresh token (${why})` }
}
