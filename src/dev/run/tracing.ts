import { randomUUID } from 'node:crypto'

const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/
const hex = (): string => randomUUID().replaceAll('-', '')

/** Returns a W3C trace context: a new span in the trace of the client, or in a new trace. */
export const tracingContextFor = (clientTraceparent?: string): Readonly<Record<string, string>> => {
  const traceId = TRACEPARENT.exec(clientTraceparent ?? '')?.[1] ?? hex()
  return { traceparent: `00-${traceId}-${hex().slice(0, 16)}-01` }
}
