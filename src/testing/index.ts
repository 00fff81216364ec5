/// <reference types="node" preserve="true" />

/** Tests of tasks and workers, under any test runner. */

export type { AnyTasks, TasksOf } from '../client/types.js'
export { DevClock as TestClock } from '../dev/clock.js'
export type { CancelAnswer, DevOrchestrator } from '../dev/dev-orchestrator.js'
export type {
  AnsweredRequest,
  EventName,
  Listener,
  OrchestratorEvents,
  TaskEvent,
} from '../dev/events.js'
export type {
  ActiveFault,
  FaultName,
  FaultOptions,
  FaultRoute,
  OrchestratorFaults,
} from '../dev/faults/fault.js'
export type { Generation } from '../dev/generation.js'
export type { OrchestratorOptions } from '../dev/options.js'
export type { Extras, Job, JobProgress, JobRequest, JobState, JobStatus } from '../dev/state/job.js'
export type { WireRecord, WorkerRecord } from '../dev/state/worker.js'
export { AvtomatikaError } from '../errors.js'
export type { TaskFailure } from '../protocol/messages.js'
export type {
  DownloadOptions,
  ListedObject,
  ObjectAddress,
  ObjectStore,
  StoredObject,
  TransferOptions,
} from '../storage/object-store.js'
export type { HasTasks, TaskTypes } from '../tasks/task-types.js'
export type { JsonObject, JsonValue } from '../utils/json.js'
export type { Logger, LogMethod } from '../utils/logger.js'
export type { Timer } from '../utils/time.js'
export { type LeakCheck, LeakError, leakCheck } from './leak-check.js'
export { type Content, MemoryStore } from './memory-store.js'
export {
  startOrchestrator,
  type TestOrchestrator,
  type TestOrchestratorOptions,
  UnexpectedRequestError,
} from './orchestrator.js'
export { type RunTaskOptions, runTask } from './run-task.js'
export type { EmittedEvent, LogEntry, RunOutcome, TaskRun } from './task-run.js'
export type { StartWorkerOptions, WorkerProcess } from './worker-process.js'
