export type {
  KeepTaskFilesName,
  ListedOrchestrator,
  LogLevelName,
  OrchestratorEntry,
  OrchestratorModeName,
  WorkerConfigOverrides,
  WorkerConfigValues,
} from './config/values.js'
export { WorkerConfig } from './config/worker-config.js'
export {
  AuthError,
  AvtomatikaError,
  ConfigError,
  type ConfigProblem,
  INVALID_INPUT_ERROR,
  InvalidInputError,
  PERMANENT_ERROR,
  PermanentError,
  ProtocolError,
  RateLimitError,
  ResponseError,
  ShutdownError,
  StateError,
  TaskCancelledError,
  TaskError,
  type TaskErrorCode,
  TRANSIENT_ERROR,
  TransientError,
  UnknownWorkerError,
  UnreachableError,
} from './errors.js'
export type { ResultRef, TaskEnd, TaskRef, WorkerEvents, WorkerState } from './events.js'
export type { ProgressUpdate, Resources, TaskFailure } from './protocol/messages.js'
export type { CommandHandler, CommandOrigin } from './runtime/commands.js'
export type {
  DownloadOptions,
  ListedObject,
  ObjectAddress,
  ObjectStore,
  StoredObject,
  TransferOptions,
} from './storage/object-store.js'
export type { TaskContext } from './tasks/context.js'
export type {
  Handler,
  HandlerResult,
  HandlerReturn,
  ParamsClass,
  ParamsOf,
  ParamsSpec,
  RawParams,
  TaskOptions,
} from './tasks/definition.js'
export type { FileMode, OpenMode } from './tasks/files/modes.js'
export type { FileContent, TaskFiles } from './tasks/files/task-files.js'
export { invalidInputFailure, permanentFailure, transientFailure } from './tasks/judge.js'
export type { JsonObject, JsonValue } from './utils/json.js'
export type { Logger, LogMethod } from './utils/logger.js'
export { type Readiness, type StopOptions, Worker, type WorkerOptions } from './worker.js'
