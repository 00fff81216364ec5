import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject } from '../utils/json.js'
import { describeIssues } from './describe-issues.js'
import { isJsonObject, toPlainJson } from './plain-json.js'

/** The schemas of the events that a task declares, by event name. */
export type EventSpecs = Readonly<Record<string, StandardSchemaV1>>

const LEGAL_NAME = /^[\w-]{1,128}$/

/**
 * Validates an event and returns its payload as plain JSON.
 *
 * @throws TypeError if the task must not send the event, or if name or payload are invalid
 */
export const eventPayload = (
  name: string,
  payload: object,
  specs: EventSpecs | undefined,
  strict: boolean,
): JsonObject => {
  if (!LEGAL_NAME.test(name)) {
    throw new TypeError(`Invalid event name "${name}": use 1 to 128 characters from A-Z a-z 0-9 _ -`)
  }
  const spec = specs && Object.hasOwn(specs, name) ? specs[name] : undefined
  if (specs && !spec && strict && name !== 'progress') {
    throw new TypeError(`Undeclared event "${name}": the task declares ${Object.keys(specs).join(', ')}`)
  }
  const plain = plainOf(name, spec ? checked(name, payload, spec) : payload)
  if (isJsonObject(plain)) return plain
  throw new TypeError(`Payload of event "${name}" is not an object`)
}

const plainOf = (name: string, payload: unknown) => {
  try {
    return toPlainJson(payload, 'payload')
  } catch (error) {
    throw new TypeError(`Event "${name}" cannot be sent: ${(error as Error).message}`, { cause: error })
  }
}

const checked = (name: string, payload: object, spec: StandardSchemaV1): unknown => {
  const result = spec['~standard'].validate(payload)
  if (result instanceof Promise)
    throw new TypeError(`Schema of event "${name}" is asynchronous: emit() needs a synchronous one`)
  if (!result.issues) return result.value
  throw new TypeError(
    `Payload of event "${name}" does not match its schema: ${describeIssues(result.issues)}`,
  )
}
