/// <reference types="node" preserve="true" />

export type {
  EventValidationName,
  GenerationName,
  KeepTaskFilesName,
  LogFormatName,
  LogLevelName,
  OrchestratorModeName,
  S3AddressingName,
  TraceRelationName,
} from './config/choice-kinds.js'
export type { LiveLimits } from './config/live-limits.js'
export type { ListedOrchestrator, OrchestratorEntry } from './config/orchestrators.js'
export type { WorkerConfigOverrides, WorkerConfigValues } from './config/values.js'
export { WorkerConfig } from './config/worker-config.js'
export type { UsageChecker, UsageReport } from './connections/heartbeat/reported-usage.js'
export type { ResultOutcome } from './delivery/delivery-stats.js'
export {
  AuthError,
  AvtomatikaError,
  CONTRACT_VIOLATION_ERROR,
  ConfigError,
  type ConfigProblem,
  DEPENDENCY_ERROR,
  DEPENDENCY_MISSING_ERROR,
  DowngradeError,
  DuplicateMessageError,
  INTEGRITY_MISMATCH_ERROR,
  INTERNAL_ERROR,
  INVALID_INPUT_ERROR,
  InvalidInputError,
  LIMIT_EXCEEDED_ERROR,
  PERMANENT_ERROR,
  PermanentError,
  ProtocolError,
  RateLimitError,
  RESOURCE_EXHAUSTED_ERROR,
  ResponseError,
  SECURITY_ERROR,
  ShutdownError,
  StaleMessageError,
  StateError,
  TaskCancelledError,
  TaskError,
  type TaskErrorCode,
  type TaskErrorOptions,
  TaskTimeoutError,
  TIMEOUT_ERROR,
  TRANSIENT_ERROR,
  TransientError,
  UnknownWorkerError,
  UnreachableError,
} from './errors.js'
export type { ResultRef, TaskEnd, TaskRef, WorkerEvents, WorkerState } from './events.js'
export type { CapacityChecker } from './execution/capacity-check.js'
export type { CommandHandler, CommandOrigin } from './execution/commands.js'
export type { TaskOutcome } from './execution/task-stats.js'
export type { DiagnoseOptions, Diagnosis, DiagnosisCode } from './observability/diagnosis.js'
export type { MetricsOptions, WorkerMetrics } from './observability/reports.js'
export type {
  OrchestratorSnapshot,
  Readiness,
  RunningTask,
  WorkerSnapshot,
} from './observability/snapshot.js'
export type { MetricsFormat } from './observability/write-text.js'
export type {
  DeviceUsage,
  FileMetadata,
  ProgressUpdate,
  Resources,
  StoredFile,
  TaskFailure,
} from './protocol/messages.js'
export type {
  DownloadOptions,
  ListedObject,
  ObjectAddress,
  ObjectStore,
  StoredObject,
  TransferOptions,
} from './storage/object-store.js'
export type {
  CheckedHandler,
  CheckedReturn,
  NotJson,
  ResultProblem,
  Sendable,
} from './tasks/checked-return.js'
export type { TaskContext } from './tasks/context.js'
export { type DefinedTask, defineTask, type TaskSpec } from './tasks/define-task.js'
export type {
  Handler,
  HandlerResult,
  HandlerReturn,
  JsonSchema,
  OwnData,
  ParamsClass,
  ParamsOf,
  ParamsSpec,
  RawParams,
  ResultSpec,
  TaskOptions,
} from './tasks/definition.js'
export type { EventOptions } from './tasks/event-payload.js'
export type { FileContent } from './tasks/files/counted-writes.js'
export type { LocalFiles } from './tasks/files/local-files.js'
export type { FileMode, OpenMode } from './tasks/files/modes.js'
export type {
  DownloadedFile,
  FileDownloadOptions,
  StoredFolder,
  TaskFiles,
} from './tasks/files/task-files.js'
export { invalidInputFailure, permanentFailure, transientFailure } from './tasks/judge.js'
export type { ContextAdditions, Middleware, Next } from './tasks/middleware.js'
export type {
  AfterJson,
  DataOf,
  HasTasks,
  ParamsInput,
  TasksIn,
  TaskTypes,
  TypedTask,
} from './tasks/task-types.js'
export type { JsonObject, JsonValue } from './utils/json.js'
export type { Logger, LogMethod } from './utils/logger.js'
export { VERSION } from './version.js'
export { Worker } from './worker.js'
export type { StopOptions, WorkerOptions } from './worker-options.js'
export type { WorkerTasks } from './worker-tasks.js'
