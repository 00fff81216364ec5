import { ProtocolError } from '../errors.js'
import type { Generation } from '../protocol/protocol.js'
import { FIRST_PROBE, generationByEvents, generationByHeader, SECOND_PROBE } from '../protocol/select.js'
import type { Transport } from '../transport/http.js'

const DEADLINE_MS = 15_000

/**
 * Finds out which generation of the wire an orchestrator speaks, without leaving a trace there.
 *
 * @throws UnreachableError, or ProtocolError when its answers show neither
 */
export const probeGeneration = async (transport: Transport): Promise<Generation> => {
  const status = await transport.send({ ...FIRST_PROBE, deadlineMs: DEADLINE_MS })
  const shown = generationByHeader(status)
  if (shown) return shown
  const events = await transport.send({ ...SECOND_PROBE, deadlineMs: DEADLINE_MS })
  const known = generationByHeader(events) ?? generationByEvents(events)
  if (known) return known
  throw new ProtocolError(
    `It does not show which generation of the wire it speaks: ${FIRST_PROBE.path} was answered ${status.status}, ${SECOND_PROBE.path} ${events.status}; ORCHESTRATOR_PROTOCOL can say it`,
  )
}
