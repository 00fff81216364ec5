import { AvtomatikaError } from '../errors.js'
import { isObject, type JsonObject } from '../utils/json.js'
import { describeThrown } from './describe-thrown.js'
import { toPlainJson } from './plain-json.js'

/**
 * The rule of the second generation for names and types. It applies to all tasks: a worker does not know yet which
 * orchestrator it will meet.
 */
export const LEGAL_NAME = /^[\w-]{1,128}$/

/** @throws AvtomatikaError `TASK_TYPE` if no orchestrator accepts the type of the task */
export const checkType = (name: string, taskType: unknown): void => {
  if (typeof taskType === 'string' && LEGAL_NAME.test(taskType)) return
  throw new AvtomatikaError(
    'TASK_TYPE',
    `Invalid taskType "${String(taskType)}" of task "${name}": use 1 to 128 characters from A-Z a-z 0-9 _ -`,
  )
}

/**
 * Returns a copy of the properties of a task that no later change alters.
 *
 * @throws AvtomatikaError `TASK_PROPERTIES` if they are no object, or cannot be sent
 */
export const plainProperties = (name: string, properties: unknown): JsonObject | undefined => {
  if (properties === undefined) return undefined
  const problem = (what: string): Error =>
    new AvtomatikaError('TASK_PROPERTIES', `Invalid properties of task "${name}": ${what}`)
  if (!isObject(properties)) throw problem('use an object')
  try {
    return toPlainJson(properties, 'properties') as JsonObject
  } catch (error) {
    throw problem(describeThrown(error))
  }
}
