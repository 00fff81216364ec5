import type { KeyObject } from 'node:crypto'
import { PERMANENT_ERROR, ProtocolError, SECURITY_ERROR } from '../../errors.js'
import { isObject, type JsonObject } from '../../utils/json.js'
import { exactParamsIn, quote } from '../answers.js'
import type { FileMetadata, TaskFailure, TaskOffer } from '../messages.js'
import type { ServerClock, WireAnswer } from '../protocol.js'
import { taskIn, UnreadableTask, withoutIds } from '../task-body.js'
import { NotCanonicalError } from './canonical.js'
import { errorFor } from './decode.js'
import { type Proof, provenMembers } from './signature.js'

type Body = Record<string, unknown>

/** How tasks are verified. */
export interface Verifier {
  readonly key: KeyObject
  /** See {@link Identity.taskMaxAgeMs}. */
  readonly maxAgeMs: number | undefined
}

/** @param verifier - `undefined` if tasks are not verified */
export const readPoll = (
  answer: WireAnswer,
  verifier: Verifier | undefined,
  clock: ServerClock,
): TaskOffer | null => {
  if (answer.status === 204) return null
  if (answer.status !== 200) throw errorFor('A poll', answer)
  const body = taskIn(answer)
  if (!(body instanceof UnreadableTask)) return offerFrom(body, answer, verifier, clock)
  const { offer } = body
  // A task that is too long or damaged says nothing about its sender. No signature can cover any other that cannot be read.
  const { refusal } = offer
  if (!verifier || answer.cutAt !== undefined || refusal?.code !== PERMANENT_ERROR) return offer
  return { ...offer, refusal: refuse(`The task cannot be verified. ${refusal.message}`) }
}

const offerFrom = (
  body: Body,
  answer: WireAnswer,
  verifier: Verifier | undefined,
  clock: ServerClock,
): TaskOffer => {
  const { job_id: jobId, task_id: taskId, type: taskName } = body
  if (typeof jobId !== 'string' || typeof taskId !== 'string' || !canBeSent(jobId, taskId)) {
    throw withoutIds(body, answer)
  }
  const proof = verifier ? verify(answer.text, body, verifier, clock) : 'all'
  const refusal = typeof proof === 'string' ? refusalByPolicy(body) : proof
  // Nothing of such a task can be trusted, and its ids are enough for the answer.
  if (refusal) return refusedOffer(jobId, taskId, taskName, refusal)
  if (typeof taskName !== 'string')
    throw new ProtocolError(`A poll received the task ${quote(taskId, answer)} without a type`)
  // The hot path: one plain object costs a fraction of several spreads.
  const tracing = body['tracing_context']
  return {
    jobId,
    taskId,
    taskName,
    params: body['params'] ?? {},
    exactParams: exactParamsIn(answer.text, verifier && removeNulls),
    priority: numberOr(body['priority'], 0),
    tracingContext: isObject(tracing) ? (tracing as Record<string, string>) : {},
    step: numberOr(body['step'], 0),
    depth: numberOr(body['depth'], 0),
    parentHash: textIf(body['parent_hash']),
    // With a key, the handler receives only what the signature proves.
    metadata: proof === 'all' ? objectIf(body['metadata']) : undefined,
    security: verifier ? undefined : objectIf(body['security']),
    paramsMetadata: filesOf(body['params_metadata']),
    deadlineMs: deadlineOf(body['deadline'], clock),
    refusal: undefined,
  }
}

const LONE_SURROGATE = /\p{Surrogate}/u

/** A result with half a character in its ids cannot be signed. */
const canBeSent = (jobId: string, taskId: string): boolean => !LONE_SURROGATE.test(jobId + taskId)

const refusedOffer = (jobId: string, taskId: string, taskName: unknown, refusal: TaskFailure): TaskOffer => ({
  jobId,
  taskId,
  taskName: typeof taskName === 'string' ? taskName : '',
  params: {},
  priority: 0,
  tracingContext: {},
  refusal,
})

/** Returns what the signature of a task proves, or why the task must not run. Removes what no signature covers. */
const verify = (
  text: string,
  body: Body,
  { key, maxAgeMs }: Verifier,
  clock: ServerClock,
): Exclude<Proof, 'none'> | TaskFailure => {
  const proof = proofOf(text, body, key)
  if (typeof proof !== 'string') return proof
  if (proof === 'none') {
    return refuse(
      'The signature of the task is missing or wrong: the worker and the orchestrator need the same ORCHESTRATOR_SECRET_KEY',
    )
  }
  // Orchestrators remove such members before they sign, so somebody else has added them.
  if (text.includes('null')) removeNulls(body)
  return (maxAgeMs === undefined ? undefined : refusalByAge(body['timestamp'], maxAgeMs, clock)) ?? proof
}

const proofOf = (text: string, body: Body, key: KeyObject): Proof | TaskFailure => {
  try {
    return provenMembers(text, body, key)
  } catch (error) {
    if (!(error instanceof NotCanonicalError)) throw error
    return refuse(
      `The signature of the task cannot be verified, because no signature can cover it: ${error.message}`,
    )
  }
}

/** Removes the members of objects that are null, at every depth. The items of lists stay. */
const removeNulls = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    if (member !== null) removeNulls(member)
    else if (!Array.isArray(value)) delete (value as Body)[key]
  }
}

/**
 * By the later of both clocks: somebody who gives an old task again can also give the orchestrator's `Date` of that time.
 */
const refusalByAge = (timestamp: unknown, maxAgeMs: number, clock: ServerClock): TaskFailure | undefined => {
  if (typeof timestamp !== 'number') return refuse('The task has no timestamp, but TASK_MAX_AGE is set')
  const nowMs = Math.max(clock.nowMs(), clock.toLocalMs(clock.nowMs()))
  const ageMs = nowMs - timestamp * 1_000
  if (ageMs <= maxAgeMs) return undefined
  return refuse(
    `The task is too old: it was signed ${Math.round(ageMs / 1_000)} s ago, and TASK_MAX_AGE allows ${maxAgeMs / 1_000} s. ` +
      'Check the clock of the worker if the task is new',
  )
}

const refuse = (message: string): TaskFailure => ({ code: SECURITY_ERROR, message })

const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise

const textIf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

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

/** How much of a name, or of a list of names, an error message shows, in characters. */
const LONGEST_NAMES = 200

const isText = (value: unknown): value is string => typeof value === 'string'

/** Whoever sets a policy means it, so a policy that cannot be read allows nothing. */
const refusalByPolicy = ({ policy, type }: Body): TaskFailure | undefined => {
  if (policy === undefined || policy === null) return undefined
  const allowed = isObject(policy) ? (policy['allowed_skills'] ?? undefined) : null
  if (allowed === undefined) return undefined
  if (!Array.isArray(allowed) || !allowed.every(isText))
    return refuse('The policy of the task cannot be read: allowed_skills must be a list of task names')
  if (allowed.includes(type as string)) return undefined
  const names = allowed.join(', ').slice(0, LONGEST_NAMES) || 'nothing'
  const name = isText(type) ? type.slice(0, LONGEST_NAMES) : typeof type
  return refuse(`The policy of the task does not allow "${name}", but ${names}`)
}
