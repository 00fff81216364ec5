import { helpFor } from './error-codes.js'

/**
 * Base class of every error of the package. Decide by the class or the code, never by the message.
 *
 * - {@link ConfigError}: the configuration is wrong. Nothing was started.
 * - {@link StateError}: the state of the worker does not allow the call.
 * - {@link UnreachableError}: the orchestrator did not answer. It may have received the request.
 * - {@link ResponseError}: the orchestrator answered with an error status.
 * - {@link ProtocolError}: the answer of the orchestrator is malformed. {@link DowngradeError}: it could not sign its tasks.
 * - {@link TaskError}: a task failed or was aborted.
 */
export class AvtomatikaError extends Error {
  /** A stable name of the error for programs, such as `CONFIG`. */
  readonly code: string
  /**
   * The file and the anchor in this package that explain the code, such as `avtomatika-worker/docs/reference/errors.md#config`.
   * Absent for a code of your own.
   */
  declare readonly help?: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
    const help = helpFor(code)
    if (help !== undefined) this.help = help
  }
}

/** One wrong value in the configuration. */
export interface ConfigProblem {
  /** Name of the variable, or of the constructor option. */
  readonly name: string
  /** The wrong value as text, with `***` instead of a secret. */
  readonly value: string
  /** The accepted values, in words. */
  readonly expected: string
}

/** The configuration is wrong. The error lists every problem. Code `CONFIG`. */
export class ConfigError extends AvtomatikaError {
  /** The problems, one for each wrong value. */
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(({ name, value, expected }) => `  ${name} = ${value}: expected ${expected}`)
    super('CONFIG', `The worker's configuration cannot be used:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

/** The state of the worker does not allow the call, such as a second `start()`. Code `STATE`. */
export class StateError extends AvtomatikaError {
  constructor(message: string) {
    super('STATE', message)
  }
}

/**
 * The orchestrator did not answer: the connection was refused or reset, or the request timed out. The orchestrator may have
 * received a request that was sent. Code `UNREACHABLE`.
 */
export class UnreachableError extends AvtomatikaError {
  /** Whether the orchestrator may have received the request. False if there was no connection. */
  readonly wasSent: boolean

  constructor(message: string, { wasSent = true, ...options }: ErrorOptions & { wasSent?: boolean } = {}) {
    super('UNREACHABLE', message, options)
    this.wasSent = wasSent
  }
}

/** The orchestrator answered with an error status. Code `RESPONSE`, or the code of a subclass. */
export class ResponseError extends AvtomatikaError {
  /** HTTP status of the answer. */
  readonly status: number

  constructor(status: number, message: string, code = 'RESPONSE') {
    super(code, message)
    this.status = status
  }
}

/** The orchestrator refused the token (401), or the token belongs to another worker (403). Code `AUTH`. */
export class AuthError extends ResponseError {
  constructor(status: number, message: string) {
    super(status, message, 'AUTH')
  }
}

/** The orchestrator limits the rate of requests (429). Code `RATE_LIMIT`. */
export class RateLimitError extends ResponseError {
  /** Delay from the header `Retry-After`, in ms. `undefined` if the answer has no such header. */
  readonly retryAfterMs: number | undefined

  constructor(message: string, retryAfterMs?: number) {
    super(429, message, 'RATE_LIMIT')
    this.retryAfterMs = retryAfterMs
  }
}

/** The orchestrator has no record of this worker (404), so the worker registers again. Code `UNKNOWN_WORKER`. */
export class UnknownWorkerError extends ResponseError {
  constructor(message: string) {
    super(404, message, 'UNKNOWN_WORKER')
  }
}

/**
 * The time stamp of a message differs too much from the clock of the orchestrator (403). The worker sends the message again
 * with a new time stamp. Code `STALE_MESSAGE`.
 */
export class StaleMessageError extends ResponseError {
  constructor(message: string) {
    super(403, message, 'STALE_MESSAGE')
  }
}

/** The orchestrator has already received this message (403). Code `DUPLICATE_MESSAGE`. */
export class DuplicateMessageError extends ResponseError {
  constructor(message: string) {
    super(403, message, 'DUPLICATE_MESSAGE')
  }
}

/** The answer of the orchestrator is malformed: it is not JSON, too long, or lacks a required member. Code `PROTOCOL`. */
export class ProtocolError extends AvtomatikaError {
  constructor(message: string, options?: ErrorOptions) {
    super('PROTOCOL', message, options)
  }
}

/**
 * The worker has a key for the tasks of an orchestrator, but the peer speaks the first generation, which signs nothing. The
 * worker sends nothing to this peer. Code `PROTOCOL`.
 */
export class DowngradeError extends ProtocolError {}

/** A retry may help. The orchestrator dispatches the task again. */
export const TRANSIENT_ERROR = 'TRANSIENT_ERROR'
/** No retry can help. The orchestrator quarantines the job. */
export const PERMANENT_ERROR = 'PERMANENT_ERROR'
/** The params are wrong. The orchestrator fails the job. */
export const INVALID_INPUT_ERROR = 'INVALID_INPUT_ERROR'

/** The task or a file is not authentic. The orchestrator quarantines the job. */
export const SECURITY_ERROR = 'SECURITY_ERROR'
/** A dependency of the task failed permanently. The orchestrator quarantines the job. */
export const DEPENDENCY_ERROR = 'DEPENDENCY_ERROR'
/** The data of a successful result do not match the declared schema. The orchestrator quarantines the job. */
export const CONTRACT_VIOLATION_ERROR = 'CONTRACT_VIOLATION_ERROR'
/** A file does not match its checksum or its size. The orchestrator fails the job. */
export const INTEGRITY_MISMATCH_ERROR = 'INTEGRITY_MISMATCH_ERROR'
/** The deadline of the task passed. A retry may help. */
export const TIMEOUT_ERROR = 'TIMEOUT_ERROR'
/** Memory, disk or another resource ran out. A retry may help. */
export const RESOURCE_EXHAUSTED_ERROR = 'RESOURCE_EXHAUSTED_ERROR'
/** A quota is exhausted. A retry may help. */
export const LIMIT_EXCEEDED_ERROR = 'LIMIT_EXCEEDED_ERROR'
/** A dependency of the task does not exist yet. A retry may help. */
export const DEPENDENCY_MISSING_ERROR = 'DEPENDENCY_MISSING_ERROR'
/** A bug in the worker. A retry may help. */
export const INTERNAL_ERROR = 'INTERNAL_ERROR'

/** The error codes that orchestrators know. They treat any other code like {@link TRANSIENT_ERROR}. */
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

/** The options of the errors that a handler throws. */
export interface TaskErrorOptions extends ErrorOptions {
  /** More about the failure, for programs. Must be JSON. Orchestrators of the second generation keep it with the error. */
  details?: object
}

/** A task failed or was aborted. Handlers throw a subclass. */
export class TaskError extends AvtomatikaError {
  /** The error code. It decides whether the orchestrator retries, see {@link TaskErrorCode}. */
  declare readonly code: TaskErrorCode
  /** More about the failure, for programs. Absent if none was given. */
  declare readonly details?: object

  constructor(code: TaskErrorCode, message: string, options?: TaskErrorOptions) {
    super(code, message, options)
    if (options?.details !== undefined) this.details = options.details
  }
}

/**
 * Throw this error if a retry may help, for example because an API did not answer. Code `TRANSIENT_ERROR`.
 *
 * @example
 * throw new TransientError('the speech API did not answer', { cause: error })
 */
export class TransientError extends TaskError {
  constructor(message: string, options?: TaskErrorOptions) {
    super(TRANSIENT_ERROR, message, options)
  }
}

/**
 * Throw this error if no retry can help, for example because a file is corrupt. Code `PERMANENT_ERROR`.
 *
 * @example
 * throw new PermanentError('the picture is corrupt', { details: { line: 3 } })
 */
export class PermanentError extends TaskError {
  constructor(message: string, options?: TaskErrorOptions) {
    super(PERMANENT_ERROR, message, options)
  }
}

/**
 * Throw this error if the params are invalid. Code `INVALID_INPUT_ERROR`.
 *
 * @example
 * throw new InvalidInputError('width must be positive')
 */
export class InvalidInputError extends TaskError {
  constructor(message: string, options?: TaskErrorOptions) {
    super(INVALID_INPUT_ERROR, message, options)
  }
}

/** The reason of `ctx.signal` if the orchestrator cancelled the task. Code `CANCELLED`. */
export class TaskCancelledError extends TaskError {
  constructor(message = 'The orchestrator cancelled the task') {
    super('CANCELLED', message)
  }
}

/**
 * The reason of `ctx.signal` if the deadline of the task has passed. The orchestrator no longer waits for the result. Code
 * `TIMEOUT_ERROR`.
 */
export class TaskTimeoutError extends TaskError {
  constructor(message = 'The deadline of the task has passed') {
    super(TIMEOUT_ERROR, message)
  }
}

/** The reason of `ctx.signal` if the worker stops before the task ends. Code `TRANSIENT_ERROR`. */
export class ShutdownError extends TaskError {
  constructor(message = 'The worker is shutting down') {
    super(TRANSIENT_ERROR, message)
  }
}
