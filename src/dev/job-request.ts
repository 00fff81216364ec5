import { randomUUID } from 'node:crypto'
import { isObject, type JsonObject } from '../utils/json.js'
import { MAX_DELAY_MS } from './options.js'
import { tracingContextFor } from './run/tracing.js'
import type { JobRequest, NewJob } from './state/job.js'

const problemOf = ({ task, params, priority, timeoutMs }: Record<keyof JobRequest, unknown>) => {
  if (typeof task !== 'string' || task === '') return 'the type of the task must be a text that is not empty'
  if (!isObject(params)) return 'params must be an object'
  if (!Number.isFinite(priority)) return 'priority must be a number'
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) return 'the time-out must be a number above 0'
  return undefined
}

/**
 * Completes what a client asks for.
 * @throws TypeError when it cannot be asked for; the message says why.
 */
export const completeRequest = (
  request: { readonly [Key in keyof JobRequest]?: unknown },
  taskTimeoutMs: number,
  clientTraceparent?: string,
): NewJob => {
  const { task, params = {}, priority = 0, timeoutMs = taskTimeoutMs } = request
  const problem = problemOf({ task, params, priority, timeoutMs })
  if (problem) throw new TypeError(problem)
  return {
    id: randomUUID(),
    task: task as string,
    // Through JSON at once, so that nobody can change it afterwards, and what cannot be sent is told to who asked.
    params: JSON.parse(JSON.stringify(params)) as JsonObject,
    priority: priority as number,
    timeoutMs: Math.min(timeoutMs as number, MAX_DELAY_MS),
    tracingContext: tracingContextFor(clientTraceparent),
  }
}
