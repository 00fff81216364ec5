import { UnreachableError } from '../errors.js'
import type { PollEnd } from '../journal/poll-mark.js'

/** How a poll that failed ended, for the journal. */
export const endOf = (error: unknown): PollEnd => {
  if (!(error instanceof UnreachableError)) return 'answered'
  return error.wasSent ? 'unanswered' : 'not sent'
}
