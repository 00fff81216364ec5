import { isObject } from '../../utils/json.js'
import type { JobProgress } from '../state/job.js'

/** What a worker says over its socket, as far as it is understood. */
export interface Uplink {
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

/** Reads one message; `undefined` for everything but progress. */
export const readUplink = (text: string): Uplink | undefined => {
  const message = parsed(text)
  if (!isObject(message)) return undefined
  const { event, job_id: jobId, task_id: taskId, progress: fraction, message: said } = message
  if (event !== 'progress_update') return undefined
  if (typeof jobId !== 'string' || typeof taskId !== 'string' || typeof fraction !== 'number')
    return undefined
  const progress = {
    fraction: Math.min(Math.max(fraction, 0), 1),
    message: typeof said === 'string' ? said : '',
  }
  return { jobId, taskId, progress }
}
