import { parseWide } from '../../utils/exact-json.js'
import { isObject } from '../../utils/json.js'
import { isTooDeep } from '../json-depth.js'
import type { Message } from '../rxon/message-verifier.js'
import type { JobProgress } from '../state/job.js'

/** A message that a worker sent over its socket: unsigned progress, or a signed event of the second generation. */
export type SocketMessage = Progress | (Message & { readonly kind: 'event' })

interface Progress {
  readonly kind: 'progress'
  readonly jobId: string
  readonly taskId: string
  readonly progress: JobProgress
}

const parsed = (text: string): unknown => {
  try {
    return isTooDeep(text) ? undefined : parseWide(text)
  } catch {
    return undefined
  }
}

/** Reads one message; returns `undefined` for any other message. */
export const readSocketMessage = (text: string): SocketMessage | undefined => {
  const message = parsed(text)
  if (!isObject(message)) return undefined
  const { event, job_id: jobId, task_id: taskId, progress: fraction, message: note } = message
  if ('event_type' in message) return { kind: 'event', body: message, json: text }
  if (event !== 'progress_update') return undefined
  if (typeof jobId !== 'string' || typeof taskId !== 'string' || typeof fraction !== 'number')
    return undefined
  const progress = {
    fraction: Math.min(Math.max(fraction, 0), 1),
    message: typeof note === 'string' ? note : '',
  }
  return { kind: 'progress', jobId, taskId, progress }
}
