import { PERMANENT_ERROR, ProtocolError } from '../errors.js'
import type { Outcome, TaskResult } from './messages.js'

/** The result cannot be sent as it is, to this orchestrator or to any other. Nothing was sent. */
export class UnsendableError extends ProtocolError {}

/** The longest body that an orchestrator reads, in bytes. */
export const BODY_LIMIT = 1_048_576

/** Whether an orchestrator reads a body of this text. No character of a string takes more than three bytes. */
export const isWithinLimit = (body: string): boolean =>
  body.length * 3 <= BODY_LIMIT || Buffer.byteLength(body) <= BODY_LIMIT

/**
 * Returns the body of a result.
 *
 * @throws UnsendableError if it cannot be written, or if no orchestrator reads such a body
 */
export const sendable = (write: () => string): string => {
  const body = written(write)
  if (isWithinLimit(body)) return body
  throw new UnsendableError(`it ${excess(body)}. Return large data as files (S3)`)
}

/**
 * Returns the text of an event or of progress.
 *
 * @param what - begins the message of the error
 * @throws TypeError if no orchestrator reads such a text
 */
export const withinLimit = (what: string, text: string): string => {
  if (isWithinLimit(text)) return text
  throw new TypeError(`${what} ${excess(text)}`)
}

const excess = (text: string): string =>
  `takes ${inDigits(Buffer.byteLength(text))} bytes, and an orchestrator reads at most ${inDigits(BODY_LIMIT)}`

const inDigits = (count: number): string => count.toLocaleString('en')

const written = (write: () => string): string => {
  try {
    return write()
  } catch (error) {
    throw new UnsendableError((error as Error).message, { cause: error })
  }
}

/** How much of an error message fits into a short failure, in characters. */
const SHORT = 1_000

/**
 * Returns a short failure in place of a result that cannot be sent or read. Otherwise the job would wait for its timeout. A
 * failure keeps its code, because the code decides whether the orchestrator dispatches the task again.
 */
export const inPlaceOf = (
  { jobId, taskId, workerId, outcome, trace }: TaskResult,
  why: string,
): TaskResult => ({
  jobId,
  taskId,
  workerId,
  ...(trace && { trace }),
  outcome: shortFailure(outcome, `The result of the task cannot be delivered: ${why}`.slice(0, SHORT)),
})

const shortFailure = (outcome: Outcome, message: string): Outcome => {
  if (outcome.kind !== 'failure') return { kind: 'failure', error: { code: PERMANENT_ERROR, message } }
  const { code, message: reason } = outcome.error
  return {
    kind: 'failure',
    error: { code: code.slice(0, SHORT), message: `${reason.slice(0, SHORT)} (${message})` },
  }
}
