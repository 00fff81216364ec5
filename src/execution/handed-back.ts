import { ShutdownError } from '../errors.js'
import type { Outcome } from '../protocol/messages.js'
import { judgeError } from '../tasks/judge.js'

/** The outcome of a task that is given back unstarted because the worker drains. */
export const HANDED_BACK: Outcome = judgeError(
  new ShutdownError('The worker is shutting down and has not started this task'),
)
