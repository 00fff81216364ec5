import { classic } from './classic/classic.js'
import { recordOf, writeFlatResult } from './classic/encode.js'
import type { Generation, Identity, Protocol, WireAnswer, WireRequest } from './protocol.js'
import { readCommand } from './read-command.js'
import { EVENTS, REGISTER, TOKEN } from './routes.js'
import { capabilities } from './rxon/describe-worker.js'
import { rxon } from './rxon/rxon.js'

/**
 * A generation, or one of the forms that were published between the two:
 *
 * - `flat`: 1.0b9 to 1.0b12, the first generation with results at the top of their message.
 * - `named`: 1.0b13, the second generation with names instead of skills, and without events.
 * - `early`: 1.0b14 to 1.0b21, the second generation with jobs instead of tasks in heartbeats.
 */
export type Dialect = Generation | 'flat' | 'named' | 'early'

const withRedactor = (protocol: Protocol, { redactor }: Identity): Protocol => ({
  ...protocol,
  readCommand: (text) => readCommand(text, redactor),
})

const flat: Protocol = { ...classic, writeResult: writeFlatResult }

/**
 * These orchestrators take each id in a heartbeat for a job, and report unknown ids as cancelled. A heartbeat with the id of
 * a task would cancel that task.
 */
const early = (identity: Identity): Protocol => {
  const { writeHeartbeat, ...rest } = rxon(identity)
  return {
    ...rest,
    writeHeartbeat: ({ tasksInHand, ...heartbeat }, registration) =>
      writeHeartbeat(
        { ...heartbeat, tasksInHand: tasksInHand.map(({ jobId }) => ({ jobId, taskId: jobId })) },
        registration,
      ),
  }
}

/** The record and the progress of the first generation, everything else as in {@link early}. */
const named = (identity: Identity): Protocol => {
  const { writeEvent, postEvent, readEvent, ...rest } = early(identity)
  return {
    ...rest,
    writeProgress: classic.writeProgress,
    writeRegistration: (registration) => ({
      method: 'POST',
      path: REGISTER,
      body: JSON.stringify({
        ...recordOf(registration),
        supported_skills: registration.skills.map(({ name }) => name),
        capabilities: capabilities(registration),
      }),
    }),
  }
}

const PROTOCOLS: Readonly<Record<Dialect, (identity: Identity) => Protocol>> = {
  classic: (identity) => withRedactor(classic, identity),
  flat: (identity) => withRedactor(flat, identity),
  named,
  early,
  rxon,
}

export const protocolOf = (dialect: Dialect, identity: Identity): Protocol => PROTOCOLS[dialect](identity)

/** Changes nothing. The second generation shows its version in a header. */
export const FIRST_PROBE: WireRequest = { method: 'GET', path: '/_public/status' }
/** An empty event, which no orchestrator takes. Sent only if the first probe shows nothing. */
export const SECOND_PROBE: WireRequest = { method: 'POST', path: EVENTS, body: '{}' }
/** A wrong method, which an orchestrator with this path refuses. Sent to the first generation only. */
export const THIRD_PROBE: WireRequest = { method: 'GET', path: TOKEN }

/** Only the second generation has this header. `undefined` if there is none: a proxy may have removed it. */
export const dialectByHeader = ({ headers }: WireAnswer): Dialect | undefined => {
  const version = headers['x-rxon-version']
  if (version === undefined) return undefined
  if (version === '1.0b3') return 'named'
  return /^1\.0b[4-9]$/.test(String(version)) ? 'early' : 'rxon'
}

/**
 * Reads the response to {@link SECOND_PROBE}. The first generation has no such path (404), or checks the token first (401).
 * The second generation refuses an empty event, so a 2xx comes from a server that accepts anything.
 */
export const generationByEvents = ({ status }: WireAnswer): Generation | undefined => {
  if (status === 404 || status === 401 || status < 300) return 'classic'
  return showsNothing(status) ? undefined : 'rxon'
}

/** Reads the response to {@link THIRD_PROBE}. 1.0b9 to 1.0b12 have the path for tokens, earlier orchestrators do not. */
export const dialectByTokens = ({ status }: WireAnswer): Dialect | undefined => {
  if (showsNothing(status)) return undefined
  return status === 405 ? 'flat' : 'classic'
}

const showsNothing = (status: number): boolean => status === 429 || status >= 500
