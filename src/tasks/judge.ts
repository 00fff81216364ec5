import {
  INVALID_INPUT_ERROR,
  PERMANENT_ERROR,
  TaskCancelledError,
  TaskError,
  TRANSIENT_ERROR,
} from '../errors.js'
import type { Outcome, TaskFailure } from '../protocol/messages.js'
import { isObject, type JsonObject } from '../utils/json.js'
import { describeThrown } from './describe-thrown.js'
import { NotJsonError } from './plain-json.js'
import { plainObject } from './plain-object.js'
import { detailsOf, extrasOf, messageWithDetails } from './result-extras.js'
import { taskErrorIn, withThrown } from './thrown.js'

/** The handler returned a value of a wrong shape. A retry would not help. */
class ShapeError extends TaskError {
  constructor(message: string) {
    super(PERMANENT_ERROR, message)
  }
}

/**
 * Returns the outcome that a handler's return value stands for. Never throws.
 *
 * @param takesBigints - whether data may contain bigints
 */
export const judgeValue = (value: unknown, takesBigints = false): Outcome => {
  try {
    return outcomeOf(value, takesBigints)
  } catch (error) {
    return judgeError(
      error instanceof NotJsonError
        ? new ShapeError(`The handler's result cannot be sent: ${error.message}`)
        : error,
    )
  }
}

const outcomeOf = (value: unknown, takesBigints: boolean): Outcome => {
  if (value === undefined || value === null) return { kind: 'value', status: 'success' }
  if (!isObject(value)) {
    throw new ShapeError(
      `The handler returned ${Array.isArray(value) ? 'an array' : `a ${typeof value}`}: return an object, because it is merged into the job's history`,
    )
  }
  if (!('status' in value || 'data' in value || 'error' in value))
    return { kind: 'value', status: 'success', data: dataOf(value, takesBigints) }
  return fullOutcome(value, takesBigints)
}

const fullOutcome = (value: Record<string, unknown>, takesBigints: boolean): Outcome => {
  const { status, data, error } = value
  const part =
    data === undefined || data === null
      ? extrasOf(value)
      : { data: dataOf(data, takesBigints), ...extrasOf(value) }
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

const dataOf = (data: unknown, takesBigints: boolean): JsonObject =>
  plainObject(data, 'data', takesBigints, "it is merged into the job's history")

/** Without a code, a failure counts as transient, like a thrown error. */
const failureOf = (error: unknown): TaskFailure => {
  if (typeof error === 'string') return { code: TRANSIENT_ERROR, message: error }
  if (!isObject(error))
    return { code: TRANSIENT_ERROR, message: 'The handler reported a failure without an error' }
  const { code, message, details } = error
  return {
    code: typeof code === 'string' ? code : TRANSIENT_ERROR,
    message: typeof message === 'string' ? message : 'The handler reported a failure without a message',
    ...detailsOf(details),
  }
}

/**
 * Returns the outcome that a thrown value stands for. Never throws.
 *
 * @param shown - the value that the log and the listeners see. Default: the thrown one
 */
export const judgeError = (thrown: unknown, shown = thrown): Outcome => {
  const error = taskErrorIn(thrown)
  if (error instanceof TaskCancelledError)
    return shown === thrown ? { kind: 'cancelled' } : withThrown({ kind: 'cancelled' }, shown)
  const code = error?.code ?? TRANSIENT_ERROR
  const failure = { code, ...messageWithDetails(describeThrown(thrown), error?.details) }
  return withThrown({ kind: 'failure', error: failure }, shown)
}

/** Creates a function that builds the result of a failed handler. */
const failed =
  (code: string) =>
  (
    message: string,
  ): {
    /** The status of the result. */
    status: 'failure'
    /** The error of the result. */
    error: {
      /** The error code. */
      code: string
      /** The reason, for people. */
      message: string
    }
  } => ({ status: 'failure', error: { code, message } })

/**
 * Returns the result for a failure that may succeed in a retry (`TRANSIENT_ERROR`). The orchestrator dispatches the task again.
 *
 * @example
 * return transientFailure('the speech API did not answer')
 */
export const transientFailure = failed(TRANSIENT_ERROR)

/**
 * Returns the result for a failure that no retry can mend (`PERMANENT_ERROR`). The orchestrator quarantines the job.
 *
 * @example
 * return permanentFailure('the picture is corrupt')
 */
export const permanentFailure = failed(PERMANENT_ERROR)

/**
 * Returns the result for invalid params (`INVALID_INPUT_ERROR`). The orchestrator fails the job.
 *
 * @example
 * return invalidInputFailure('width must be positive')
 */
export const invalidInputFailure = failed(INVALID_INPUT_ERROR)
