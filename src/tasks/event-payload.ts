import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { WorkerEvent } from '../protocol/messages.js'
import type { EventValidation } from '../settings.js'
import { didYouMean } from '../utils/did-you-mean.js'
import type { JsonObject } from '../utils/json.js'
import { LEGAL_NAME } from './check-skill.js'
import { describeIssues } from './describe-issues.js'
import { isJsonObject, toPlainJson } from './plain-json.js'

/** The schemas of the events that a task declares, by event name. */
export type EventSpecs = Readonly<Record<string, StandardSchemaV1>>

/**
 * Validates an event and returns its payload as plain JSON.
 *
 * @throws TypeError if the task must not send the event, or if name or payload are invalid
 */
export const eventPayload = (
  name: string,
  payload: object,
  specs: EventSpecs | undefined,
  strict: EventValidation,
): JsonObject => {
  if (typeof name !== 'string' || !LEGAL_NAME.test(name)) {
    throw new TypeError(`Invalid event name "${String(name)}": use 1 to 128 characters from A-Z a-z 0-9 _ -`)
  }
  const spec = specs && Object.hasOwn(specs, name) ? specs[name] : undefined
  if (specs && !spec && strict !== false && name !== 'progress') {
    const hint = didYouMean(name, Object.keys(specs))
    throw new TypeError(`Event "${name}" is not declared in \`events\` of the task: ${hint}`)
  }
  const plain = plainOf(name, spec ? checked(name, payload, spec) : payload, 'payload')
  if (isJsonObject(plain)) return plain
  throw new TypeError(`Payload of event "${name}" is not an object`)
}

/** What an event may have besides its payload. */
export interface EventOptions {
  /** A larger number is more urgent. Default: 0. */
  priority?: number
  /** A JSON-compatible object, which orchestrators pass on with the event. Default: none. */
  metadata?: object
}

/**
 * Validates the options of an event.
 *
 * @throws TypeError if one of them cannot be sent
 */
export const eventExtras = (
  name: string,
  { priority, metadata }: EventOptions,
): Pick<WorkerEvent, 'priority' | 'metadata'> => {
  if (priority !== undefined && !Number.isFinite(priority))
    throw new TypeError(`Priority of event "${name}" is not a number: ${String(priority)}`)
  const plain = metadata === undefined ? undefined : plainOf(name, metadata, 'metadata')
  if (plain !== undefined && !isJsonObject(plain))
    throw new TypeError(`Metadata of event "${name}" are not an object`)
  return { ...(priority !== undefined && { priority }), ...(plain && { metadata: plain }) }
}

const plainOf = (name: string, value: unknown, what: string) => {
  try {
    return toPlainJson(value, what)
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
