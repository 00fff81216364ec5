import { INVALID_INPUT_ERROR, PERMANENT_ERROR } from '../../errors.js'
import type { Protocol } from '../protocol.js'
import { readCommand } from '../read-command.js'
import { socketPath } from '../routes.js'
import { readHeartbeat, readPoll, readRegistration, readResult } from './decode.js'
import { writeHeartbeat, writePoll, writeProgress, writeRegistration, writeResult } from './encode.js'

/** The protocol of orchestrators 1.0b1 to 1.0b8. */
export const classic: Protocol = {
  generation: 'classic',
  writeRegistration,
  readRegistration,
  writeHeartbeat,
  urgent: ({ tasksInHand, accepting, ...rest }) => rest,
  readHeartbeat,
  writePoll,
  readPoll,
  writeResult,
  readResult,
  repeatableMs: 0,
  finalCodes: new Set([PERMANENT_ERROR, INVALID_INPUT_ERROR]),
  readRepeatedResult: readResult,
  socketPath,
  writeProgress,
  readCommand,
}
