/** The codes of the errors of the package. docs/reference/errors.md explains each of them. */
export const ERROR_CODES = [
  'CONFIG',
  'STATE',
  'TASK_NAME',
  'DUPLICATE_TASK',
  'TASK_TYPE',
  'TASK_PROPERTIES',
  'TASK_OPTIONS',
  'TASK_HANDLER',
  'TASK_SHAPE',
  'UNKNOWN_TASK_TYPE',
  'UNKNOWN_EVENT',
  'LISTENER',
  'COMMAND_HANDLER',
  'DUPLICATE_COMMAND',
  'UNREACHABLE',
  'RESPONSE',
  'AUTH',
  'RATE_LIMIT',
  'UNKNOWN_WORKER',
  'STALE_MESSAGE',
  'DUPLICATE_MESSAGE',
  'PROTOCOL',
  'UNKNOWN_JOB',
  'UNKNOWN_ENDPOINT',
  'NOT_CANCELLABLE',
  'NO_JOB_LIST',
  'TIMEOUT',
  'TRANSIENT_ERROR',
  'PERMANENT_ERROR',
  'INVALID_INPUT_ERROR',
  'CANCELLED',
  'TIMEOUT_ERROR',
  'SECURITY_ERROR',
  'CONTRACT_VIOLATION_ERROR',
  'INTEGRITY_MISMATCH_ERROR',
  'DEPENDENCY_ERROR',
  'DEPENDENCY_MISSING_ERROR',
  'RESOURCE_EXHAUSTED_ERROR',
  'LIMIT_EXCEEDED_ERROR',
  'INTERNAL_ERROR',
  'TEST_TASK',
  'WORKER_ENDED',
  'UNEXPECTED_REQUEST',
  'LEAK',
  'USAGE',
  'FAILED',
] as const

/** A code of an error of the package. */
export type ErrorCode = (typeof ERROR_CODES)[number]

const KNOWN: ReadonlySet<string> = new Set(ERROR_CODES)

/** Returns the place in the package that explains a code. `undefined` for a code of the application. */
export const helpFor = (code: string): string | undefined =>
  KNOWN.has(code) ? `avtomatika-worker/docs/reference/errors.md#${code.toLowerCase()}` : undefined
