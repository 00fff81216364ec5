/// <reference types="node" preserve="true" />

/** A client of an orchestrator: creates jobs, waits for their results, cancels and lists them. */

export {
  AuthError,
  AvtomatikaError,
  ConfigError,
  type ConfigProblem,
  ProtocolError,
  RateLimitError,
  ResponseError,
  UnreachableError,
} from '../errors.js'
export type { HasTasks, TaskTypes } from '../tasks/task-types.js'
export type { CreateOptions } from './create-request.js'
export { JobTimeoutError, UnknownJobError } from './errors.js'
export type { ClientJob, ClientProgress, JobOutcome } from './job.js'
export { type CancelReceipt, JobClient, type JobRef, type ListOptions } from './job-client.js'
export type { ClientOptions } from './options.js'
export type { AnyTasks, CreateArgs, TaskName, TaskParams, TaskResult, TasksOf } from './types.js'
export type { WaitOptions } from './wait.js'
