import { isObject } from '../../utils/json.js'
import type { JobProgress } from '../state/job.js'

/** What a worker says over its socket, as far as it is understood; the second generation signs it. */
export type Uplink =
  | Progress
  | { readonly kind: 'signed'; readonly body: Record<string, unknown>; readonly json: string }

interface Progress {
  readonly kind: 'progress'
  readonly jobId: string
  readonly taskId: string
  readonly progress: JobProgress
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Reads one message; `undefined` for everything but progress, and what is signed. */
export const readUplink = (text: string): Uplink | undefined => {
  const message = parsed(text)
  if (!isObject(message)) return undefined
  const { event, job_id: jobId, task_id: taskId, progress: fraction, message: said } = message
  if ('event_type' in message) return { kind: 'signed', body: message, json: text }
  if (event !== 'progress_update') return undefined
  if (typeof jobId !== 'string' || typeof taskId !== 'string' || typeof fraction !== 'number')
    return undefined
  const progress = {
    fraction: Math.min(Math.max(fraction, 0), 1),
    message: typeof said === 'string' ? said : '',
  }
  return { kind: 'progress', jobId, taskId, progress }
}
