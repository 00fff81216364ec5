import { TaskError } from '../errors.js'
import type { Outcome, TaskFailure } from '../protocol/messages.js'
import { isError } from '../utils/is-error.js'
import { loggable } from './describe-thrown.js'

/** The thrown values by their outcomes. An outcome is sent and recorded, so a thrown value must not be one of its members. */
const values = new WeakMap<Outcome, { readonly thrown: unknown }>()

/** Notes the value that a handler threw. Returns the outcome. */
export const withThrown = <O extends Outcome>(outcome: O, thrown: unknown): O => {
  values.set(outcome, { thrown })
  return outcome
}

/** Returns a thrown value if it is a TaskError, with which a task fails as its author wants. Never throws. */
export const taskErrorIn = (thrown: unknown): TaskError | undefined =>
  isError(thrown) && thrown instanceof TaskError ? thrown : undefined

/** Returns whether an error only repeats that the task was aborted, such as an AbortError of `fetch`. Never throws. */
export const repeatsAbort = (thrown: unknown, reason: TaskError | undefined): boolean => {
  if (reason === undefined) return false
  try {
    if (thrown === reason) return true
    return isError(thrown) && (thrown.name === 'AbortError' || thrown.cause === reason)
  } catch {
    return false
  }
}

/** The error of an outcome, as the log shows it. */
export interface ShownError {
  readonly err: Error | string
  /** Whether it is a bug: anything but an error of this package. */
  readonly isBug: boolean
}

/** Returns the error that a handler threw, or else the failure that it returned. `undefined` for an outcome without one. */
export const errorIn = (outcome: Outcome): ShownError | undefined => {
  const noted = values.get(outcome)
  if (noted) return { err: loggable(noted.thrown), isBug: taskErrorIn(noted.thrown) === undefined }
  return outcome.kind === 'failure' ? { err: errorOf(outcome), isBug: false } : undefined
}

/** Returns the error of a failed task for listeners: with the code that was reported, and the stack of the thrown error. */
export const errorOf = (outcome: Extract<Outcome, { kind: 'failure' }>): TaskError => {
  const noted = values.get(outcome)
  const thrown = taskErrorIn(noted?.thrown)
  if (thrown && thrown.code === outcome.error.code) return thrown
  return wrapped(outcome.error, noted)
}

/** The own stack of such an error would show this package, where nobody finds anything. */
const wrapped = (
  { code, message, ...more }: TaskFailure,
  noted: { readonly thrown: unknown } | undefined,
): TaskError => {
  const error = new TaskError(code, message, noted && { cause: noted.thrown })
  const stack = noted && stackOf(noted.thrown)
  error.stack = stack ?? `${error.name}: ${message}`
  return Object.assign(error, more)
}

const stackOf = (thrown: unknown): string | undefined => {
  try {
    return isError(thrown) ? thrown.stack : undefined
  } catch {
    return undefined
  }
}
