import { classic } from './classic/classic.js'
import { recordOf, writeFlatResult } from './classic/encode.js'
import type { Identity, Protocol } from './protocol.js'
import { REGISTER } from './routes.js'
import { capabilities } from './rxon/describe-worker.js'
import { rxon } from './rxon/rxon.js'

/** What was published on the way from the first generation to the second. */

/** 1.0b9 … 1.0b12, of which the last two look for a result among the members of its message. */
export const flat: Protocol = { ...classic, writeResult: writeFlatResult }

/**
 * 1.0b14 … 1.0b21 take the id of every task for that of a job, and answer that one as cancelled which they do not find:
 * a task among several of a job is not to be named.
 */
export const early = (identity: Identity): Protocol => {
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
export const named = (identity: Identity): Protocol => {
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
