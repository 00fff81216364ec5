import {
  CONTRACT_VIOLATION_ERROR,
  DEPENDENCY_ERROR,
  INTEGRITY_MISMATCH_ERROR,
  INVALID_INPUT_ERROR,
  PERMANENT_ERROR,
  SECURITY_ERROR,
} from '../../errors.js'
import type { TaskResult } from '../messages.js'
import type { Identity, Protocol, WireRequest } from '../protocol.js'
import { readCommand } from '../read-command.js'
import { EVENTS, pollPath, socketPath, workerPath } from '../routes.js'
import {
  readEvent,
  readHeartbeat,
  readLivenessCheck,
  readRegistration,
  readRepeatedResult,
  readResult,
  readToken,
} from './decode.js'
import { readPoll } from './decode-offer.js'
import {
  progressEvent,
  type Seal,
  writeEvent,
  writeHeartbeat,
  writeRegistration,
  writeResult,
  writeTokenRequest,
  writeUnreadable,
} from './encode.js'
import { sealed, signingKey } from './signature.js'

/** §3.1.18: some hold a poll for a minute, whatever they are told. */
const OVERHOLD_MS = 31_000
/** An orchestrator takes nothing older than 60 s; the rest is for the way. */
const REPEATABLE_MS = 55_000

const FINAL_CODES = new Set([
  PERMANENT_ERROR,
  SECURITY_ERROR,
  DEPENDENCY_ERROR,
  CONTRACT_VIOLATION_ERROR,
  INVALID_INPUT_ERROR,
  INTEGRITY_MISMATCH_ERROR,
])

/** The wire of the orchestrators since 1.0b9, whose messages are signed since 1.0b21. */
export const rxon = ({ workerId, token, taskKey, clock, makeId }: Identity): Protocol => {
  const key = signingKey(token)
  const verifier = taskKey === undefined ? undefined : signingKey(taskKey)
  const timestamp = () => Math.floor(clock.nowMs() / 1_000)
  const sealAs = (signerId: string): Seal => {
    const signer = { key, signerId }
    return (message) => sealed({ ...message, timestamp: timestamp(), nonce: makeId() }, signer)
  }
  const seal = sealAs(workerId)
  /** The result of a worker that is dead goes out in its name. */
  const signAsOwner = (
    { workerId: onBehalfOf }: TaskResult,
    write: (seal: Seal) => WireRequest,
  ): WireRequest => (onBehalfOf === workerId ? write(seal) : { ...write(sealAs(onBehalfOf)), onBehalfOf })
  /** An event's id is its nonce. */
  const sealEvent: Seal = (event, unsigned) =>
    sealed({ ...event, timestamp: timestamp() }, { key, signerId: workerId }, unsigned)
  const event: NonNullable<Protocol['writeEvent']> = (said) => writeEvent(sealEvent, workerId, makeId(), said)
  return {
    generation: 'rxon',
    writeRegistration: (registration) => writeRegistration(seal, registration),
    readRegistration,
    writeHeartbeat: (heartbeat, registration) => writeHeartbeat(seal, heartbeat, registration),
    takesUsage: true,
    urgent: ({ accepting, hotSkills }) => ({ accepting, hotSkills }),
    readHeartbeat,
    writeLivenessCheck: (id) => ({ method: 'PATCH', path: workerPath(id) }),
    readLivenessCheck,
    writePoll: (id) => ({ method: 'GET', path: pollPath(id) }),
    extraHoldMs: OVERHOLD_MS,
    readPoll: (answer) => readPoll(answer, verifier, clock),
    writeResult: (result) => signAsOwner(result, (its) => writeResult(its, result)),
    readResult,
    repeatableMs: REPEATABLE_MS,
    finalCodes: FINAL_CODES,
    readRepeatedResult,
    writeUnreadable: (result, why) => signAsOwner(result, (its) => writeUnreadable(its, result, why)),
    writeTokenRequest,
    readToken,
    socketPath,
    writeProgress: (update) => event(progressEvent(update)),
    writeEvent: event,
    postEvent: (body) => ({ method: 'POST', path: EVENTS, body }),
    readEvent,
    readCommand,
  }
}
