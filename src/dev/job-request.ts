import { randomUUID } from 'node:crypto'
import { parseWide } from '../utils/exact-json.js'
import { isObject, type JsonObject, jsonText } from '../utils/json.js'
import { isTooDeep, MAX_NESTING } from './json-depth.js'
import { MAX_DELAY_MS } from './options.js'
import { tracingContextFor } from './run/tracing.js'
import type { Extras, JobRequest, NewJob } from './state/job.js'

type UncheckedRequest = { readonly [Key in keyof JobRequest | 'security']?: unknown }

const problemOf = ({ task, params, priority, timeoutMs, resultTimeoutMs = 1 }: UncheckedRequest) => {
  if (typeof task !== 'string' || task === '') return 'the type of the task must be a text that is not empty'
  if (!isObject(params)) return 'params must be an object'
  if (!Number.isFinite(priority)) return 'priority must be a number'
  for (const timeout of [timeoutMs, resultTimeoutMs]) {
    if (typeof timeout !== 'number' || !(timeout > 0)) return 'the time-out must be a number above 0'
  }
  return undefined
}

/**
 * Checks the request of a client, and fills in the defaults.
 *
 * @throws TypeError if the request is not valid
 */
export const completeRequest = (
  request: UncheckedRequest,
  taskTimeoutMs: number,
  nowMs: number,
  clientTraceparent?: string,
): NewJob => {
  const { task, params = {}, priority = 0, timeoutMs = taskTimeoutMs } = request
  const problem = problemOf({ ...request, params, priority, timeoutMs })
  if (problem) throw new TypeError(problem)
  return {
    id: randomUUID(),
    task: task as string,
    params: copyOf(params as object),
    priority: priority as number,
    timeoutMs: Math.min(timeoutMs as number, MAX_DELAY_MS),
    tracingContext: tracingContextFor(clientTraceparent),
    extras: extrasOf(request, nowMs),
  }
}

/** Copies a value through JSON: later changes have no effect, and a value that JSON cannot hold is an error at once. */
const copyOf = (value: object): JsonObject => {
  const json = textOf(value)
  if (json === undefined || isTooDeep(json))
    throw new TypeError(`Job not created: a value is nested deeper than ${MAX_NESTING} levels`)
  return parseWide(json) as JsonObject
}

/** Returns `undefined` if the value is nested too deep for `JSON.stringify`. */
const textOf = (value: object): string | undefined => {
  try {
    return jsonText(value)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

const extrasOf = (
  { resultTimeoutMs, metadata, policy, security }: UncheckedRequest,
  nowMs: number,
): Extras => ({
  ...(resultTimeoutMs !== undefined && { deadline: (nowMs + Number(resultTimeoutMs)) / 1000 }),
  ...(isObject(metadata) && { metadata: copyOf(metadata) }),
  ...(isObject(policy) && { policy: copyOf(policy) }),
  ...(isObject(security) && { security: copyOf(security) }),
})
