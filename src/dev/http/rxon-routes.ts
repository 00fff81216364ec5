import { isObject } from '../../utils/json.js'
import { RXON_VERSION, RXON_VERSION_HEADER } from '../generation.js'
import type { PollQueues } from '../queue/poll-queues.js'
import type { Refusal } from '../refusal.js'
import type { JobRunner } from '../run/job-runner.js'
import type { Door, MessageType } from '../rxon/door.js'
import type { EventDesk } from '../rxon/event-desk.js'
import { isIdentifier, keptOf, problemOfRegistration, problemOfResult } from '../rxon/shape.js'
import { withoutNulls } from '../rxon/signing.js'
import type { Tokens } from '../rxon/tokens.js'
import type { Message, Trust } from '../rxon/trust.js'
import { isTerminal } from '../state/job.js'
import type { JobStore } from '../state/job-store.js'
import type { WorkerStore } from '../state/worker-store.js'
import { answerJson, answerNothing, answerText, refuse } from './answers.js'
import { MAX_BYTES } from './body.js'
import { type Exchange, headerOf } from './exchange.js'
import type { Handler, Visit, WorkerHandlers } from './worker-handlers.js'

/** What the second generation's side of the wire works with. */
export interface RxonParts {
  readonly door: Door
  readonly trust: Trust
  readonly tokens: Tokens
  readonly events: EventDesk
  readonly jobs: JobStore
  readonly workers: WorkerStore
  readonly queues: PollQueues<object>
  readonly runner: JobRunner
  readonly pollHoldMs: number
}

/** What only the second generation has. */
export interface RxonHandlers extends WorkerHandlers {
  readonly event: Handler
  readonly token: Handler
  readonly refresh: Handler
}

/** Someone who has come in, with what they bring. */
interface Caller extends Visit {
  readonly workerId: string
  readonly message: Message
}

type Reply = (parts: RxonParts, caller: Caller) => object | null | undefined | Promise<object | undefined>

/** The second generation's answers. */
export const rxonHandlers = (parts: RxonParts): RxonHandlers => {
  const answering =
    (type: MessageType, reply: Reply): Handler =>
    (visit) =>
      guarded(visit.exchange, () => answerTo(parts, visit, type, reply))
  return {
    register: answering('register', register),
    heartbeat: answering('heartbeat', heartbeat),
    poll: answering('poll', poll),
    result: answering('result', takeResult),
    event: answering('event', takeEvent),
    token: answering('sts_token', ({ tokens }, { workerId }) => tokens.issue(workerId)),
    refresh: (visit) => answer(visit.exchange, refresh(parts, visit)),
    noUpgrade: ({ exchange }) => answerText(exchange, 'No WebSocket UPGRADE hdr: None', 400),
    refusal: () => undefined,
  }
}

const isRefusal = (reply: object): reply is Refusal => 'error' in reply && 'status' in reply

const answer = (exchange: Exchange, reply: object | null | undefined): Response => {
  if (reply === undefined) return answerNothing(exchange)
  if (reply && isRefusal(reply) && typeof reply.status === 'number') return refuse(exchange, reply)
  return answerJson(exchange, reply, reply && 'error' in reply ? 500 : 200)
}

/** What cannot be signed at all is the real one's own error. */
const guarded = async (exchange: Exchange, act: () => Promise<Response>): Promise<Response> => {
  try {
    return await act()
  } catch (error) {
    if (error instanceof RangeError) return refuse(exchange, { status: 500, error: error.message })
    throw error
  }
}

const answerTo = async (
  parts: RxonParts,
  visit: Visit,
  type: MessageType,
  reply: Reply,
): Promise<Response> => {
  const { exchange, pathId } = visit
  const message = messageIn(visit, type)
  if ('error' in message) return refuse(exchange, message)
  const claimed = pathId ?? headerOf(exchange, 'X-Worker-ID') ?? textOr(message.body['worker_id'])
  const visitor = parts.door.open(headerOf(exchange, 'X-Worker-Token'), claimed, type)
  if ('error' in visitor) return refuse(exchange, visitor)
  return answer(exchange, await reply(parts, { ...visit, ...visitor, message }))
}

const EMPTY: Message = { body: {}, json: '' }

/** What has no body, or may have none, is let through without. */
const messageIn = ({ body }: Visit, type: MessageType): Message | Refusal => {
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

const register: Reply = ({ trust, workers, runner }, { exchange, workerId, message }) => {
  const { body } = message
  if (typeof body['worker_id'] !== 'string')
    return { status: 400, error: 'Missing or invalid worker_id in registration data' }
  if (body['worker_id'] !== workerId) return MISMATCH
  const refusal = trust.refusalOf(workerId, message)
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
    ...warningTo(headerOf(exchange, RXON_VERSION_HEADER)),
  }
}

const IDENTIFIER = 'Must be alphanumeric, underscores, or hyphens only (max 128 characters).'

const warningTo = (version = RXON_VERSION): object =>
  version === RXON_VERSION
    ? {}
    : { warning: `Protocol version mismatch! Orchestrator: ${RXON_VERSION}, Worker: ${version}.` }

/** An unknown worker learns of it by an empty one only. */
const heartbeat: Reply = (parts, { workerId, message }) => {
  const { trust, workers, runner } = parts
  const { body } = message
  if (Object.keys(body).length === 0) return workers.touch(workerId) ? { status: 'ttl_refreshed' } : null
  const refusal = trust.refusalOf(workerId, message)
  if (refusal) return refusal
  const known = workers.get(workerId)
  if (!known) return { status: 'ok' }
  const { supported_skills: skills, ...light } = body
  const isInSync = Boolean(body['skills_hash']) && body['skills_hash'] === known.record['skills_hash']
  // As in the real one, skills that come under the hash that is known are not looked at.
  const worker = workers.update(workerId, isInSync || skills === undefined ? light : body)
  if (worker) runner.serve(worker)
  return {
    status: 'ok',
    ...(isInSync && known.taskNames.length === 0 && { require_full_sync: true }),
    ...cancellations(parts, body['current_tasks']),
  }
}

/** Of the ids that the worker has in hand, those of jobs that have ended: the real one looks for jobs only, too. */
const cancellations = ({ jobs }: RxonParts, current: unknown): object => {
  const ids = Array.isArray(current) ? current.filter((id) => typeof id === 'string') : []
  const ended = ids.filter((id) => {
    const status = jobs.get(id)?.status
    return status !== undefined && (isTerminal(status) || status === 'cancelled')
  })
  return ended.length > 0 ? { cancel_task_ids: ended } : {}
}

const poll: Reply = ({ queues, pollHoldMs }, { workerId }) => queues.next(workerId, pollHoldMs)

const takeResult: Reply = ({ trust, runner }, { workerId, message }) => {
  const { body } = message
  const refusal = trust.refusalOf(workerId, message)
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

const takeEvent: Reply = ({ events }, { workerId, message }) => events.take(workerId, message)

const refresh = ({ door, tokens }: RxonParts, visit: Visit): object => {
  const message = messageIn(visit, 'sts_refresh')
  if ('error' in message) return message
  const { refresh_token, worker_id } = message.body
  const workerId = headerOf(visit.exchange, 'X-Worker-ID') ?? textOr(worker_id)
  const tooMany = door.countsTooMuch(`refresh ${workerId}`)
  if (tooMany) return tooMany
  if (typeof refresh_token !== 'string' || refresh_token === '')
    return { status: 400, error: 'Missing refresh_token in payload' }
  if (!workerId) return { status: 400, error: 'Missing worker_id identification' }
  const owner = tokens.ownerOfRefresh(refresh_token)
  if (owner === workerId) return tokens.issue(workerId)
  const why = owner === undefined ? 'not found' : 'owner mismatch'
  return { status: 403, error: `Unauthorized: Invalid refresh token (${why})` }
}
