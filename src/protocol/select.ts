import { classic } from './classic/classic.js'
import type { Generation, Identity, Protocol, WireAnswer, WireRequest } from './protocol.js'
import { rxon } from './rxon/rxon.js'

/** Which generation to speak: one of them, or the one that the orchestrator shows. */
export type GenerationChoice = Generation | 'auto'

export const protocolOf = (generation: Generation, identity: Identity): Protocol =>
  generation === 'rxon' ? rxon(identity) : classic

/** Asks nothing and changes nothing. */
export const FIRST_PROBE: WireRequest = { method: 'GET', path: '/_public/status' }
/** An event without anything in it, which is never taken; sent only where the first probe says nothing. */
export const SECOND_PROBE: WireRequest = { method: 'POST', path: '/_worker/events', body: '{}' }

/** Whatever else it answers: only the second generation has this header. `undefined`: it may have been lost on the way. */
export const generationByHeader = ({ headers }: WireAnswer): Generation | undefined =>
  headers['x-rxon-version'] === undefined ? undefined : 'rxon'

/**
 * Only the second generation knows events; the first has no such path, or asks for a token first (401). The second never
 * takes one that says nothing: who takes it anyway takes everything.
 */
export const generationByEvents = ({ status }: WireAnswer): Generation | undefined => {
  if (status === 404 || status === 401 || status < 300) return 'classic'
  return status === 429 || status >= 500 ? undefined : 'rxon'
}
