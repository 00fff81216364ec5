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
import { withinLimit } from '../unsendable.js'
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
  type Sign,
  writeEvent,
  writeHeartbeat,
  writeRegistration,
  writeResult,
  writeTokenRequest,
} from './encode.js'
import { signedText, signingKey } from './signature.js'

/** §3.1.18: some orchestrators hold a poll for a minute, whatever they are configured for. */
const EXTRA_HOLD_MS = 31_000
/** An orchestrator refuses messages that are older than 60 s. The rest is network time. */
const REPEATABLE_MS = 55_000

const FINAL_CODES = new Set([
  PERMANENT_ERROR,
  SECURITY_ERROR,
  DEPENDENCY_ERROR,
  CONTRACT_VIOLATION_ERROR,
  INVALID_INPUT_ERROR,
  INTEGRITY_MISMATCH_ERROR,
])

/** The second generation. Orchestrators require signatures since 1.0b21. */
export const rxon = ({
  workerId,
  token,
  taskKey,
  taskMaxAgeMs,
  clock,
  redactor,
  makeId,
}: Identity): Protocol => {
  const key = signingKey(token)
  const verifier = taskKey === undefined ? undefined : { key: signingKey(taskKey), maxAgeMs: taskMaxAgeMs }
  const timestamp = () => Math.floor(clock.nowMs() / 1_000)
  const signerOf = (signerId: string): Sign => {
    const signer = { key, signerId }
    return (message) => signedText({ ...message, timestamp: timestamp(), nonce: makeId() }, signer)
  }
  const sign = signerOf(workerId)
  /** The result of a crashed worker is sent and signed under its id. */
  const signAsOwner = (
    { workerId: onBehalfOf }: TaskResult,
    write: (sign: Sign) => WireRequest,
  ): WireRequest => (onBehalfOf === workerId ? write(sign) : { ...write(signerOf(onBehalfOf)), onBehalfOf })
  /** The id of an event is its nonce. */
  const signEvent: Sign = (event, unsigned) =>
    signedText({ ...event, timestamp: timestamp() }, { key, signerId: workerId }, unsigned)
  const textOf: NonNullable<Protocol['writeEvent']> = (event) =>
    withinLimit(`The event "${event.name}"`, writeEvent(signEvent, workerId, makeId(), event))
  return {
    generation: 'rxon',
    writeRegistration: (registration) => writeRegistration(sign, registration),
    readRegistration,
    writeHeartbeat: (heartbeat, registration) => writeHeartbeat(sign, heartbeat, registration),
    takesUsage: true,
    sharesQueues: true,
    urgent: ({ accepting, hotSkills }) => ({ accepting, hotSkills }),
    readHeartbeat,
    writeLivenessCheck: (id) => ({ method: 'PATCH', path: workerPath(id) }),
    readLivenessCheck,
    writePoll: (id) => ({ method: 'GET', path: pollPath(id) }),
    extraHoldMs: EXTRA_HOLD_MS,
    readPoll: (answer) => readPoll(answer, verifier, clock),
    writeResult: (result) => signAsOwner(result, (signAs) => writeResult(signAs, result)),
    readResult,
    repeatableMs: REPEATABLE_MS,
    finalCodes: FINAL_CODES,
    readRepeatedResult,
    writeTokenRequest,
    readToken,
    socketPath,
    writeProgress: (update) => textOf(progressEvent(update)),
    writeEvent: textOf,
    postEvent: (body) => ({ method: 'POST', path: EVENTS, body }),
    readEvent,
    readCommand: (text) => readCommand(text, redactor),
  }
}
