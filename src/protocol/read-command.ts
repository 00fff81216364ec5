import { ProtocolError } from '../errors.js'
import type { JsonObject } from '../utils/json.js'
import type { Redactor } from '../utils/redactor.js'
import { objectIn } from './answers.js'
import type { Command } from './messages.js'

/**
 * Reads a command from a text that came down the socket. Returns `null` for a text without a command.
 *
 * Orchestrators send the name as `command`. The published worker of the first generation reads `type`, so both are read.
 *
 * @throws ProtocolError if the text is no JSON object, or a cancel command names no task
 */
export const readCommand = (text: string, redactor?: Redactor): Command | null => {
  const body = objectIn('The socket', { status: 101, text, headers: {}, redactor })
  const name = body['command'] ?? body['type']
  if (typeof name !== 'string') return null
  const { task_id: taskId, job_id: jobId } = body
  if (name !== 'cancel_task') return { kind: 'other', name, payload: body as JsonObject }
  if (typeof taskId !== 'string') throw new ProtocolError('WebSocket message cancel_task has no task_id')
  return { kind: 'cancel', taskId, jobId: typeof jobId === 'string' ? jobId : '' }
}
