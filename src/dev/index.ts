/// <reference types="node" preserve="true" />

/**
 * An orchestrator in memory, inside your own process, for development and tests. It is not for production: nothing survives
 * the process, and each job consists of a single task.
 */

export type { JsonObject, JsonValue } from '../utils/json.js'
export type { CancelAnswer, DevOrchestrator } from './dev-orchestrator.js'
export { startOrchestrator } from './embedded-orchestrator.js'
export type { AnsweredRequest, EventName, Listener, OrchestratorEvents, TaskEvent } from './events.js'
export type {
  ActiveFault,
  FaultName,
  FaultOptions,
  FaultRoute,
  OrchestratorFaults,
} from './faults/fault.js'
export type { Generation } from './generation.js'
export type { OrchestratorOptions } from './options.js'
export type { Extras, Job, JobProgress, JobRequest, JobState, JobStatus } from './state/job.js'
export type { WireRecord, WorkerRecord } from './state/worker.js'
