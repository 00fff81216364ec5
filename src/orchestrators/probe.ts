import { ProtocolError } from '../errors.js'
import type { WireAnswer, WireRequest } from '../protocol/protocol.js'
import {
  type Dialect,
  dialectByHeader,
  dialectByTokens,
  FIRST_PROBE,
  generationByEvents,
  SECOND_PROBE,
  THIRD_PROBE,
} from '../protocol/select.js'
import type { Transport } from '../transport/http.js'

const DEADLINE_MS = 15_000

/**
 * Finds out what an orchestrator understands, without leaving a trace there.
 *
 * @throws UnreachableError, or ProtocolError when its answers do not show it
 */
export const probeDialect = async (transport: Transport): Promise<Dialect> => {
  const seen: string[] = []
  const ask = async (probe: WireRequest): Promise<WireAnswer> => {
    const answer = await transport.send({ ...probe, deadlineMs: DEADLINE_MS })
    seen.push(`${probe.path} was answered ${answer.status}`)
    return answer
  }
  let shown = dialectByHeader(await ask(FIRST_PROBE))
  if (!shown) {
    const events = await ask(SECOND_PROBE)
    shown = dialectByHeader(events) ?? generationByEvents(events)
  }
  if (shown === 'classic') shown = dialectByTokens(await ask(THIRD_PROBE))
  if (shown) return shown
  throw new ProtocolError(
    `It does not show which generation of the wire it speaks: ${seen.join(', ')}; ORCHESTRATOR_PROTOCOL can say it`,
  )
}
