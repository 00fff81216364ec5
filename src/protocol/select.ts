import { classic } from './classic/classic.js'
import { recordOf, writeFlatResult } from './classic/encode.js'
import type { Generation, Identity, Protocol, WireAnswer, WireRequest } from './protocol.js'
import { EVENTS, REGISTER, TOKEN } from './routes.js'
import { capabilities } from './rxon/describe-worker.js'
import { rxon } from './rxon/rxon.js'

/** A generation, or what was published on the way from one to the other. */
export type Dialect = Generation | 'flat' | 'named' | 'early'

/** 1.0b9 … 1.0b12, of which the last two look for a result among the members of its message. */
const flat: Protocol = { ...classic, writeResult: writeFlatResult }

/**
 * 1.0b14 … 1.0b21 take the id of every task for that of a job, and answer that one as cancelled which they do not find:
 * a task among several of a job is not to be named.
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

/** 1.0b13: the first generation's record and progress, with skills by their names; it knows no events. */
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

const SPOKEN: Readonly<Record<Dialect, (identity: Identity) => Protocol>> = {
  classic: () => classic,
  flat: () => flat,
  named,
  early,
  rxon,
}

export const protocolOf = (dialect: Dialect, identity: Identity): Protocol => SPOKEN[dialect](identity)

/** Asks nothing and changes nothing. */
export const FIRST_PROBE: WireRequest = { method: 'GET', path: '/_public/status' }
/** An event without anything in it, which is never taken; sent only where the first probe says nothing. */
export const SECOND_PROBE: WireRequest = { method: 'POST', path: EVENTS, body: '{}' }
/** A wrong method, which is refused where there is such a path; sent to the first generation only. */
export const THIRD_PROBE: WireRequest = { method: 'GET', path: TOKEN }

/** Whatever else it answers: only the second generation has this header. `undefined`: it may have been lost on the way. */
export const dialectByHeader = ({ headers }: WireAnswer): Dialect | undefined => {
  const version = headers['x-rxon-version']
  if (version === undefined) return undefined
  if (version === '1.0b3') return 'named'
  return /^1\.0b[4-9]$/.test(String(version)) ? 'early' : 'rxon'
}

/**
 * Only the second generation knows events; the first has no such path, or asks for a token first (401). The second never
 * takes one that says nothing: who takes it anyway takes everything.
 */
export const generationByEvents = ({ status }: WireAnswer): Generation | undefined => {
  if (status === 404 || status === 401 || status < 300) return 'classic'
  return showsNothing(status) ? undefined : 'rxon'
}

/** Who gives out tokens has the second generation's library, if not its messages. */
export const dialectByTokens = ({ status }: WireAnswer): Dialect | undefined => {
  if (showsNothing(status)) return undefined
  return status === 405 ? 'flat' : 'classic'
}

const showsNothing = (status: number): boolean => status === 429 || status >= 500
