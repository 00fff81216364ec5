import { PERMANENT_ERROR, TaskError } from '../errors.js'
import type { Outcome, TaskFailure, TaskOffer } from '../protocol/messages.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import { describeThrown } from './describe-thrown.js'
import { plainObject } from './plain-object.js'

/** The members of a handler's result besides its status, its data and its error. */
interface Extras {
  readonly costs?: Readonly<Record<string, number>>
  readonly metadata?: JsonObject
}

const NONE = {}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null

/**
 * Returns the costs and the metadata of a handler's result.
 *
 * @throws TaskError `PERMANENT_ERROR` if one of them has a wrong type, NotJsonError if it cannot be sent
 */
export const extrasOf = ({ costs, metadata }: Readonly<Record<string, unknown>>): Extras => {
  if (!isGiven(costs) && !isGiven(metadata)) return NONE
  return {
    ...(isGiven(costs) && { costs: costsOf(costs) }),
    ...(isGiven(metadata) && { metadata: plainObject(metadata, 'metadata') }),
  }
}

/** Returns the `details` of an error that a handler returned. Throws like {@link extrasOf}. */
export const detailsOf = (details: unknown): Pick<TaskFailure, 'details'> =>
  isGiven(details) ? { details: plainObject(details, 'error.details') } : NONE

/** Returns the message and the details of a thrown error. Details that cannot be sent are named in the message. Never throws. */
export const messageWithDetails = (
  message: string,
  details: unknown,
): Pick<TaskFailure, 'message' | 'details'> => {
  if (!isGiven(details)) return { message }
  try {
    return { message, details: plainObject(details, 'details') }
  } catch (error) {
    return { message: `${message} (the details of the error cannot be sent: ${describeThrown(error)})` }
  }
}

/**
 * Returns the outcome without metadata if the job has none: the published orchestrator answers such a result with 500 and
 * never ends the job. The log says so.
 */
export const withFittingMetadata = (outcome: Outcome, offer: TaskOffer, log: Logger): Outcome => {
  if (outcome.kind === 'cancelled' || outcome.metadata === undefined || offer.metadata) return outcome
  const { metadata, ...rest } = outcome
  const { taskId, jobId, taskName } = offer
  log.warn(
    { taskId, jobId, taskName, metadata },
    'Result metadata not sent: only a job that was created with metadata can take them',
  )
  return rest
}

const costsOf = (costs: unknown): Readonly<Record<string, number>> => {
  const copy = plainObject(costs, 'costs')
  for (const [name, cost] of Object.entries(copy)) {
    if (typeof cost === 'number') continue
    throw new TaskError(
      PERMANENT_ERROR,
      `The handler returned costs.${name} that is ${cost === null ? 'null' : `a ${typeof cost}`}: return a number`,
    )
  }
  return copy as Readonly<Record<string, number>>
}
