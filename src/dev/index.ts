/// <reference types="node" preserve="true" />

/**
 * An orchestrator in memory, inside your own process: for development and tests, never for production. Nothing of it
 * survives the process, and it serves one kind of job: a single task.
 */

export type { JsonObject, JsonValue } from '../utils/json.js'
export type { CancelAnswer, DevOrchestrator } from './dev-orchestrator.js'
export type { EventName, Listener, OrchestratorEvents } from './events.js'
export type { Generation } from './generation.js'
export type { OrchestratorOptions } from './options.js'
export { startOrchestrator } from './orchestrator.js'
export type { TaskEvent } from './rxon/event-desk.js'
export type { Extras, Job, JobProgress, JobRequest, JobState, JobStatus } from './state/job.js'
export type { WireRecord, WorkerRecord } from './state/worker.js'
