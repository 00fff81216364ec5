/**
 * Every error of the package. The class says what can be done about it; no decision reads a message.
 *
 * - {@link ConfigError}: the configuration is wrong; nothing was started.
 * - {@link StateError}: a call that the worker's present state does not allow.
 * - {@link UnreachableError}: no answer came; the request may or may not have been taken.
 * - {@link ResponseError}: an answer came and it was not the hoped-for one.
 * - {@link ProtocolError}: an answer came that cannot be understood.
 * - {@link TaskError}: how one task ended.
 */
export class AvtomatikaError extends Error {
  /** A stable, machine-readable name of what went wrong. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** One thing that is wrong in the configuration. */
export interface ConfigProblem {
  /** The variable, or the option of the constructor. */
  readonly name: string
  /** What was found there, as text; secrets are replaced. */
  readonly value: string
  /** What would have been accepted. */
  readonly expected: string
}

/** The configuration cannot be used. Lists every problem at once. */
export class ConfigError extends AvtomatikaError {
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ name, value, expected }) => `  ${name} = ${value}: expected ${expected}`)
    super('CONFIG', `The worker's configuration cannot be used:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

/** The call does not fit the state the worker is in. */
export class StateError extends AvtomatikaError {
  constructor(message: string) {
    super('STATE', message)
  }
}

/** No answer: refused, reset, timed out. Whether the request was taken is not known, if it was sent. */
export class UnreachableError extends AvtomatikaError {
  /** False where there was no connection that the request could have gone over. */
  readonly wasSent: boolean

  constructor(message: string, { wasSent = true, ...options }: ErrorOptions & { wasSent?: boolean } = {}) {
    super('UNREACHABLE', message, options)
    this.wasSent = wasSent
  }
}

/** The orchestrator answered, but not with what was hoped for. */
export class ResponseError extends AvtomatikaError {
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(status: number, message: string, code = 'RESPONSE') {
    super(code, message)
    this.status = status
  }
}

/** The token was refused (401), or is another worker's (403). */
export class AuthError extends ResponseError {
  constructor(status: number, message: string) {
    super(status, message, 'AUTH')
  }
}

/** Too many requests (429). */
export class RateLimitError extends ResponseError {
  /** What `Retry-After` asked for, in ms; `undefined` when the answer had none. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, retryAfterMs?: number) {
    super(429, message, 'RATE_LIMIT')
    this.retryAfterMs = retryAfterMs
  }
}

/** The orchestrator has no record of this worker: it has to register again. */
export class UnknownWorkerError extends ResponseError {
  constructor(message: string) {
    super(404, message, 'UNKNOWN_WORKER')
  }
}

/** The orchestrator's clock and the message's differ by too much (403): it is to be stamped anew. */
export class StaleMessageError extends ResponseError {
  constructor(message: string) {
    super(403, message, 'STALE_MESSAGE')
  }
}

/** The orchestrator has seen this very message before (403). */
export class DuplicateMessageError extends ResponseError {
  constructor(message: string) {
    super(403, message, 'DUPLICATE_MESSAGE')
  }
}

/** The answer cannot be understood: not JSON, too long, or without what it must have. */
export class ProtocolError extends AvtomatikaError {
  constructor(message: string, options?: ErrorOptions) {
    super('PROTOCOL', message, options)
  }
}

/** Worth another try: the orchestrator dispatches the task again. */
export const TRANSIENT_ERROR = 'TRANSIENT_ERROR'
/** No retry can help: the orchestrator quarantines the job. */
export const PERMANENT_ERROR = 'PERMANENT_ERROR'
/** The params are wrong: the orchestrator fails the job. */
export const INVALID_INPUT_ERROR = 'INVALID_INPUT_ERROR'

/** The task or its files are not what they claim to be: the orchestrator quarantines the job. */
export const SECURITY_ERROR = 'SECURITY_ERROR'
/** Something the task depends on failed for good: the orchestrator quarantines the job. */
export const DEPENDENCY_ERROR = 'DEPENDENCY_ERROR'
/** The data of a success do not fit the declared schema: the orchestrator quarantines the job. */
export const CONTRACT_VIOLATION_ERROR = 'CONTRACT_VIOLATION_ERROR'
/** A file is not the one that was meant: the orchestrator fails the job. */
export const INTEGRITY_MISMATCH_ERROR = 'INTEGRITY_MISMATCH_ERROR'
/** The deadline passed: worth another try. */
export const TIMEOUT_ERROR = 'TIMEOUT_ERROR'
/** Memory, disk or the like ran out: worth another try. */
export const RESOURCE_EXHAUSTED_ERROR = 'RESOURCE_EXHAUSTED_ERROR'
/** A quota was used up: worth another try. */
export const LIMIT_EXCEEDED_ERROR = 'LIMIT_EXCEEDED_ERROR'
/** Something the task depends on is not there yet: worth another try. */
export const DEPENDENCY_MISSING_ERROR = 'DEPENDENCY_MISSING_ERROR'
/** A mistake in the worker: worth another try. */
export const INTERNAL_ERROR = 'INTERNAL_ERROR'

/** The codes the orchestrators act upon; any other code is treated like {@link TRANSIENT_ERROR}. */
export type TaskErrorCode =
  | typeof TRANSIENT_ERROR
  | typeof PERMANENT_ERROR
  | typeof INVALID_INPUT_ERROR
  | typeof SECURITY_ERROR
  | typeof DEPENDENCY_ERROR
  | typeof CONTRACT_VIOLATION_ERROR
  | typeof INTEGRITY_MISMATCH_ERROR
  | typeof TIMEOUT_ERROR
  | typeof RESOURCE_EXHAUSTED_ERROR
  | typeof LIMIT_EXCEEDED_ERROR
  | typeof DEPENDENCY_MISSING_ERROR
  | typeof INTERNAL_ERROR
  | (string & {})

/** How a task ended when it did not succeed. Handlers throw one of the subclasses. */
export class TaskError extends AvtomatikaError {
  declare readonly code: TaskErrorCode
}

/**
 * Throw it when a retry may help: an API that did not answer, a lock that was taken.
 *
 * @example
 * throw new TransientError('the speech API did not answer', { cause: error })
 */
export class TransientError extends TaskError {
  constructor(message: string, options?: ErrorOptions) {
    super(TRANSIENT_ERROR, message, options)
  }
}

/**
 * Throw it when no retry can help: a corrupt file, a format nobody reads.
 *
 * @example
 * throw new PermanentError('the picture is corrupt')
 */
export class PermanentError extends TaskError {
  constructor(message: string, options?: ErrorOptions) {
    super(PERMANENT_ERROR, message, options)
  }
}

/**
 * Throw it when the params cannot be worked on.
 *
 * @example
 * throw new InvalidInputError('width must be positive')
 */
export class InvalidInputError extends TaskError {
  constructor(message: string, options?: ErrorOptions) {
    super(INVALID_INPUT_ERROR, message, options)
  }
}

/** The reason of `ctx.signal` when the orchestrator cancelled the task. */
export class TaskCancelledError extends TaskError {
  constructor(message = 'the orchestrator cancelled the task') {
    super('CANCELLED', message)
  }
}

/** The reason of `ctx.signal` when the task's deadline has passed: the orchestrator has given it up. */
export class TaskTimeoutError extends TaskError {
  constructor(message = "the task's deadline has passed") {
    super(TIMEOUT_ERROR, message)
  }
}

/** The reason of `ctx.signal` when the worker has to end before the task does. */
export class ShutdownError extends TaskError {
  constructor(message = 'the worker is shutting down') {
    super(TRANSIENT_ERROR, message)
  }
}
