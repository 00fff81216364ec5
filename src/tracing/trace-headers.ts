import type { TraceHeaders } from '../protocol/messages.js'

/** A header name, as RFC 9110 has it. */
const NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/
/** Servers refuse a request whose headers take more than 16 KiB in sum. A baggage alone may have 8 KiB. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]{0,8190}[\x21-\x7e])?$/
/** Headers of the requests themselves, which no trace may replace. */
const RESERVED =
  /^(?:x-worker-|content-|transfer-|host$|connection$|authorization$|proxy-|cookie$|expect$|upgrade$)/i
const MOST_BYTES = 12_288

/**
 * Returns the members that can be sent as headers of a trace. An orchestrator or a propagator may give anything, and a header
 * that cannot be sent would keep a result from its orchestrator. Pure.
 */
export const traceHeaders = (carrier: Readonly<Record<string, unknown>>): TraceHeaders => {
  const headers: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(carrier)) {
    if (typeof value !== 'string' || !NAME.test(name) || RESERVED.test(name) || !VALUE.test(value)) continue
    bytes += name.length + value.length
    if (bytes > MOST_BYTES) break
    headers[name.toLowerCase()] = value
  }
  return headers
}
