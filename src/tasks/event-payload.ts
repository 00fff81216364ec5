import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { JsonObject } from '../utils/json.js'
import { describeIssues } from './describe-issues.js'
import { isJsonObject, toPlainJson } from './plain-json.js'

/** What checks the payload of each event a task may send. */
export type EventSpecs = Readonly<Record<string, StandardSchemaV1>>

const LEGAL_NAME = /^[\w-]{1,128}$/

/**
 * The payload of an event as it is sent.
 *
 * @throws TypeError when it must not or cannot be sent
 */
export const eventPayload = (
  name: string,
  payload: object,
  specs: EventSpecs | undefined,
  strict: boolean,
): JsonObject => {
  if (!LEGAL_NAME.test(name)) throw new TypeError(`emit() takes a name out of A-Z a-z 0-9 _ -, got ${name}`)
  const spec = specs && Object.hasOwn(specs, name) ? specs[name] : undefined
  if (specs && !spec && strict && name !== 'progress') {
    throw new TypeError(`The task has no event "${name}"; its events are ${Object.keys(specs).join(', ')}`)
  }
  const plain = plainOf(name, spec ? checked(name, payload, spec) : payload)
  if (isJsonObject(plain)) return plain
  throw new TypeError(`The payload of "${name}" is not an object`)
}

const plainOf = (name: string, payload: unknown) => {
  try {
    return toPlainJson(payload, 'payload')
  } catch (error) {
    throw new TypeError(`The event "${name}" cannot be sent: ${(error as Error).message}`, { cause: error })
  }
}

const checked = (name: string, payload: object, spec: StandardSchemaV1): unknown => {
  const result = spec['~standard'].validate(payload)
  if (result instanceof Promise) throw new TypeError(`The schema of the event "${name}" must not be async`)
  if (!result.issues) return result.value
  throw new TypeError(`The payload of "${name}" does not fit its schema: ${describeIssues(result.issues)}`)
}
