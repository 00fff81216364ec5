import {
  INVALID_INPUT_ERROR,
  PERMANENT_ERROR,
  TaskCancelledError,
  TaskError,
  TRANSIENT_ERROR,
} from '../errors.js'
import type { Outcome, TaskFailure } from '../protocol/messages.js'
import { isError } from '../utils/is-error.js'
import { isObject, type JsonObject } from '../utils/json.js'
import { describeThrown } from './describe-thrown.js'
import { isJsonObject, NotJsonError, toPlainJson } from './plain-json.js'

/** A result whose shape is the handler's mistake; no retry can mend it. */
class ShapeError extends TaskError {
  constructor(message: string) {
    super(PERMANENT_ERROR, message)
  }
}

/** What a handler's return value means. Never throws. */
export const judgeValue = (value: unknown): Outcome => {
  try {
    return outcomeOf(value)
  } catch (error) {
    return judgeError(
      error instanceof NotJsonError
        ? new ShapeError(`The handler's result cannot be sent: ${error.message}`)
        : error,
    )
  }
}

const outcomeOf = (value: unknown): Outcome => {
  if (value === undefined || value === null) return { kind: 'value', status: 'success' }
  if (!isObject(value)) {
    throw new ShapeError(
      `The handler returned ${Array.isArray(value) ? 'an array' : `a ${typeof value}`}: return an object, as it is merged into the job's history`,
    )
  }
  if (!('status' in value || 'data' in value || 'error' in value))
    return { kind: 'value', status: 'success', data: dataOf(value, 'data') }
  return fullOutcome(value)
}

const fullOutcome = ({ status, data, error }: Record<string, unknown>): Outcome => {
  const part = data === undefined || data === null ? {} : { data: dataOf(data, 'data') }
  if (status === 'failure' || (status === undefined && error)) {
    return { kind: 'failure', error: failureOf(error), ...part }
  }
  if (status === 'cancelled') return { kind: 'cancelled' }
  return { kind: 'value', status: statusOf(status), ...part }
}

const statusOf = (status: unknown): string => {
  if (status === undefined || status === null) return 'success'
  if (typeof status === 'string' && status !== '') return status
  throw new ShapeError(`The handler returned the status ${describeThrown(status)}: return a non-empty string`)
}

const dataOf = (data: unknown, path: string): JsonObject => {
  const copy = toPlainJson(data, path)
  if (isJsonObject(copy)) return copy
  throw new ShapeError(
    `The handler returned data that is ${Array.isArray(copy) ? 'an array' : `a ${typeof copy}`}: return an object, as it is merged into the job's history`,
  )
}

/** A failure without a code is one that a retry may help, as with a throw. */
const failureOf = (error: unknown): TaskFailure => {
  if (typeof error === 'string') return { code: TRANSIENT_ERROR, message: error }
  if (!isObject(error))
    return { code: TRANSIENT_ERROR, message: 'The handler reported a failure without an error' }
  const { code, message } = error
  return {
    code: typeof code === 'string' ? code : TRANSIENT_ERROR,
    message: typeof message === 'string' ? message : 'The handler reported a failure without a message',
  }
}

/** What was thrown, if it says itself how the task ended. Never throws. */
export const taskErrorIn = (thrown: unknown): TaskError | undefined =>
  isError(thrown) && thrown instanceof TaskError ? thrown : undefined

/** What a throw means, the SDK's own included. Never throws. */
export const judgeError = (thrown: unknown): Outcome => {
  const verdict = taskErrorIn(thrown)
  if (verdict instanceof TaskCancelledError) return { kind: 'cancelled' }
  const code = verdict?.code ?? TRANSIENT_ERROR
  return { kind: 'failure', error: { code, message: describeThrown(thrown) } }
}

/** The result of a handler that reports a failure by returning it. */
const failed = (code: string) => (message: string) => ({
  status: 'failure' as const,
  error: { code, message },
})

/**
 * A failure that a retry may help.
 *
 * @example
 * return transientFailure('the speech API did not answer')
 */
export const transientFailure = failed(TRANSIENT_ERROR)

/**
 * A failure that no retry can help.
 *
 * @example
 * return permanentFailure('the picture is corrupt')
 */
export const permanentFailure = failed(PERMANENT_ERROR)

/**
 * A failure of the params.
 *
 * @example
 * return invalidInputFailure('width must be positive')
 */
export const invalidInputFailure = failed(INVALID_INPUT_ERROR)
