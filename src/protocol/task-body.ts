import { PERMANENT_ERROR, ProtocolError, TRANSIENT_ERROR } from '../errors.js'
import { isObject } from '../utils/json.js'
import { quote, tryParse } from './answers.js'
import type { TaskFailure, TaskOffer } from './messages.js'
import type { WireAnswer } from './protocol.js'
import { MAX_ID, type Scan, scanJson } from './scan-json.js'

/** A shorter body is parsed at once: whatever is in it costs little. In characters. */
const SMALL = 4_096

const IDS = ['job_id', 'task_id', 'type']

const LONG_ID = `an id or a type of more than ${MAX_ID} characters`

/** A task that cannot be read, but answered: its ids can be read. */
export class UnreadableTask {
  readonly offer: TaskOffer

  constructor(offer: TaskOffer) {
    this.offer = offer
  }
}

/**
 * Returns the task in the response to a poll: a JSON object. A task that is too large, too deep or no JSON is an
 * {@link UnreadableTask} if its ids can be read.
 *
 * @throws ProtocolError if the response is no JSON object and has no ids
 */
export const taskIn = (answer: WireAnswer): Record<string, unknown> | UnreadableTask => {
  const { text, cutAt } = answer
  const scan = cutAt !== undefined || text.length > SMALL ? scanJson(text, IDS) : undefined
  const excess = cutAt === undefined ? scan?.excess : `more than ${cutAt} bytes`
  if (excess !== undefined) return unreadable(answer, scan, tooLarge(excess, text.length))
  const body = tryParse(text)
  if (!isObject(body)) return unreadable(answer, scan, damaged(text))
  return scan && hasLongId(body) ? unreadable(answer, scan, tooLarge(LONG_ID, text.length)) : body
}

/** The error for a task whose ids cannot be read. It names the members, or the start of the response. */
export const withoutIds = (body: Record<string, unknown>, answer: WireAnswer): ProtocolError => {
  const members = quote(Object.keys(body).slice(0, 20).join(', '), answer)
  return new ProtocolError(`A poll received a task without job_id, task_id and type: it has ${members}`)
}

const hasLongId = (body: Record<string, unknown>): boolean =>
  IDS.some((name) => {
    const value = body[name]
    return typeof value === 'string' && value.length > MAX_ID
  })

const unreadable = (answer: WireAnswer, scan: Scan | undefined, refusal: TaskFailure): UnreadableTask => {
  const { texts } = scan ?? scanJson(answer.text, IDS)
  const jobId = texts.get('job_id')
  const taskId = texts.get('task_id')
  const taskName = texts.get('type') ?? 'unknown'
  if (jobId === undefined || taskId === undefined) throw unanswerable(answer, refusal)
  return new UnreadableTask({ jobId, taskId, taskName, params: {}, priority: 0, tracingContext: {}, refusal })
}

const unanswerable = (answer: WireAnswer, { code, message }: TaskFailure): ProtocolError => {
  const { status, text } = answer
  return code === PERMANENT_ERROR
    ? new ProtocolError(`A poll was answered ${status} without readable ids. ${message}`)
    : new ProtocolError(`A poll was answered ${status} without a JSON object: ${quote(text, answer)}`)
}

const tooLarge = (excess: string, length: number): TaskFailure => ({
  code: PERMANENT_ERROR,
  message:
    `The task is too large for this worker: it has ${excess} (${length} characters were read). ` +
    'Put large values into files, or raise MAX_TASK_BYTES',
})

/** Python writes these numbers, and JSON has none of them. A retry would bring them again. */
const NOT_A_NUMBER = /[[:,\s](?:NaN|-?Infinity)[\s,\]}]/

const damaged = (text: string): TaskFailure =>
  NOT_A_NUMBER.test(text)
    ? { code: PERMANENT_ERROR, message: 'The task is not valid JSON: it has NaN or Infinity' }
    : { code: TRANSIENT_ERROR, message: 'The task arrived damaged: it is not valid JSON' }
