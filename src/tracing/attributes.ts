import type { Attributes } from '@opentelemetry/api'
import type { Giver } from './tracing.js'

/** The ids of a task, as spans show them. */
interface Ids {
  readonly jobId: string
  readonly taskId: string
}

/**
 * The attributes of a span, by the messaging conventions of OpenTelemetry 1.45. A task is a message, its name is the
 * destination, and its job is the conversation. Pure.
 *
 * @param taskName - `undefined` if it is not known any more
 */
export const attributesOf = (
  operation: 'process' | 'settle',
  { jobId, taskId }: Ids,
  taskName: string | undefined,
  { url, workerId }: Giver,
): Attributes => ({
  'messaging.system': 'avtomatika',
  'messaging.operation.name': operation,
  'messaging.operation.type': operation,
  ...(taskName !== undefined && { 'messaging.destination.name': taskName }),
  'messaging.message.id': taskId,
  'messaging.message.conversation_id': jobId,
  'messaging.client.id': workerId,
  ...addressOf(url),
})

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

const addressOf = (url: string): Attributes => {
  const { protocol, hostname, port } = new URL(url)
  const number = port === '' ? DEFAULT_PORTS[protocol] : Number(port)
  return { 'server.address': hostname, ...(number !== undefined && { 'server.port': number }) }
}

/** The kind of an error: the status of a response, else the code, else the name of the error. Pure. */
export const errorType = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return '_OTHER'
  const { status, code, name } = error as Readonly<Record<string, unknown>>
  if (typeof status === 'number') return String(status)
  if (typeof code === 'string') return code
  return typeof name === 'string' && name !== '' ? name : '_OTHER'
}
