import type { JsonObject, JsonValue } from '../utils/json.js'

/** The messages between a worker and an orchestrator, independent of the generation of the protocol. */

/** The resources of the machine, as part of the registration. */
export interface Resources {
  /** The number of processor cores. */
  readonly cpuCores: number
  /** The memory, in GB. Absent if it is not configured. */
  readonly ramGb?: number
  /** The GPU. Absent if the machine has none. */
  readonly gpu?: {
    /** The name of the model. */
    readonly model: string
    /** The memory, in GB. */
    readonly vramGb: number
  }
}

/** A task name with its description. Orchestrators of the first generation only receive the name. */
export interface Skill {
  readonly name: string
  /** The group of the task. Default: the name. */
  readonly type?: string
  /** What a blueprint may require of the task, by name. */
  readonly properties?: JsonObject
  readonly description?: string
  readonly version?: string
  /** JSON Schemas of the params, of the data of a success, and of the payload of each event, by its name. */
  readonly inputSchema?: JsonObject
  readonly outputSchema?: JsonObject
  readonly eventsSchema?: Readonly<Record<string, JsonObject>>
  /** The custom statuses of the task. */
  readonly statuses?: readonly string[]
}

/** The description of this worker. Sent once for each connection, and again if the orchestrator has forgotten the worker. */
export interface Registration {
  readonly workerId: string
  readonly workerType: string
  readonly skills: readonly Skill[]
  readonly maxConcurrentTasks: number
  readonly costPerSkill: Readonly<Record<string, number>>
  readonly installedModels: readonly JsonValue[]
  readonly installedSoftware: JsonObject
  readonly hostname: string
  readonly ipAddress: string
  readonly resources: Resources
  /** The devices besides {@link Resources.gpu}, in the format of the second generation. */
  readonly devices: readonly JsonValue[]
  /** Installed files with a version that are neither software nor models, such as data sets. */
  readonly installedArtifacts: readonly JsonValue[]
  /** Other capabilities that tasks may require, by name. */
  readonly extra: JsonObject
  /** `busy` if the worker takes no tasks until a heartbeat reports `idle`. */
  readonly status: 'idle' | 'busy'
  /** An earlier worker with this id may have left a poll: no task must be queued for this id yet. */
  readonly isHeldOff: boolean
  /** Whether this worker opens a socket for commands. */
  readonly websockets: boolean
  /** Identifies the object store of the worker. The orchestrator compares it with its own. Absent without a store. */
  readonly s3ConfigHash?: string
  /** What else the orchestrator keeps with the record of the worker. */
  readonly metadata?: JsonObject
}

/** The load of one device. */
export interface DeviceUsage {
  /** The id of the device, such as `gpu0`. */
  readonly id: string
  /** The load of the device, 0 to 100. */
  readonly loadPercent: number
  /** The used memory, in GB. Absent if the device does not report it. */
  readonly memoryUsedGb?: number
  /** The temperature, in degrees Celsius. Absent if the device does not report it. */
  readonly temperatureC?: number
  /** Other figures, by the names of the protocol. Absent if there are none. */
  readonly metrics?: Readonly<Record<string, number>>
}

/** The load of the machine. */
export interface Usage {
  readonly cpuPercent: number
  readonly ramUsedGb: number
  readonly devices: readonly DeviceUsage[]
}

/** What this worker can take at this moment. */
export interface Heartbeat {
  /** The number of tasks in hand: those that run, and those that wait for a slot of their type. */
  readonly load: number
  /** `idle` if at least one task name has a free slot. */
  readonly status: 'idle' | 'busy'
  /** Whether the worker takes tasks at all. `false` while it drains, and if it cannot keep another result. */
  readonly accepting: boolean
  /** The accepted tasks that have no result yet. */
  readonly tasksInHand: readonly { readonly taskId: string; readonly jobId: string }[]
  /** The task names with a free slot. */
  readonly taskNames: readonly string[]
  readonly hotCache: readonly string[]
  readonly skillDependencies: Readonly<Record<string, readonly string[]>>
  readonly hotSkills: readonly string[]
  /** A task may have been hot before. */
  readonly hadHotSkills?: boolean
  /** Absent if it has not changed since the last heartbeat. */
  readonly usage?: Usage
  /** The orchestrator holds a poll that nobody waits for: it must not bring tasks of other workers. */
  readonly withdrawn?: true
}

/** A file in an object store, as params and results describe it. */
export interface FileMetadata {
  /** The address of the object: `s3://bucket/key`. */
  readonly uri: string
  /** The size, in bytes. */
  readonly size: number
  /** The ETag of the store, without quotes. Absent if the store returned none. */
  readonly etag?: string
  /** The metadata of the object in the store. Absent if the orchestrator sends none. */
  readonly metadata?: JsonObject
}

/** The headers that continue a trace, such as `traceparent`. */
export type TraceHeaders = Readonly<Record<string, string>>

/** One task, as an orchestrator offers it. */
export interface TaskOffer {
  readonly jobId: string
  readonly taskId: string
  readonly taskName: string
  /** All known orchestrators send an object. The params are validated before the handler receives them. */
  readonly params: unknown
  /** Reads the params again, with bigints for integers that no double holds. Absent or `undefined` if there are none. */
  readonly exactParams?: (() => unknown) | undefined
  readonly priority: number
  readonly tracingContext: Readonly<Record<string, string>>
  /** When the orchestrator gives up the task: ms since 1970, by the clock of this machine. Absent without a deadline. */
  readonly deadlineMs?: number | undefined
  /** The files that the params refer to, by the name of the param. */
  readonly paramsMetadata?: Readonly<Record<string, FileMetadata>> | undefined
  /** The metadata of the job, from its client. */
  readonly metadata?: JsonObject | undefined
  /** Who created the job. The signature of the task does not cover it. */
  readonly security?: JsonObject | undefined
  /** The number of the present step of the job. */
  readonly step?: number
  /** How many jobs contain this job. */
  readonly depth?: number
  /** The hash of the job that created this job. */
  readonly parentHash?: string | undefined
  /** Why the task must not run, such as a wrong signature. The worker reports it as the result. */
  readonly refusal?: TaskFailure | undefined
}

/** Why a task failed, as reported to the orchestrator. */
export interface TaskFailure {
  /** The error code, see {@link TaskErrorCode}. */
  readonly code: string
  /** The reason of the failure, for people. */
  readonly message: string
  /** More about the failure, for programs. Default: none. */
  readonly details?: JsonObject
}

/** An uploaded file of a result. */
export interface StoredFile {
  /** The address of the object: `s3://bucket/key`. */
  readonly uri: string
  /** The size, in bytes. */
  readonly size: number
  /** The ETag of the store, without quotes. Absent if the store returned none. */
  readonly etag?: string
}

/** The files of a result by their path in its data, such as `report` or `pages[0].image`. Folders are left out. */
export type StoredFiles = Readonly<Record<string, StoredFile>>

/** What a result has besides its status or error. */
interface Delivered {
  readonly data?: JsonObject
  readonly files?: StoredFiles
  /** What the task has cost besides its time, by name. */
  readonly costs?: Readonly<Record<string, number>>
  /** Replaces members of the metadata of the job. Only for a job that has metadata. */
  readonly metadata?: JsonObject
}

/** How a task ended. */
export type Outcome =
  | (Delivered & { readonly kind: 'value'; readonly status: string })
  | (Delivered & { readonly kind: 'failure'; readonly error: TaskFailure })
  | { readonly kind: 'cancelled' }

/** An outcome with the ids of its task. Kept until the orchestrator acknowledges it. */
export interface TaskResult {
  readonly jobId: string
  readonly taskId: string
  readonly workerId: string
  readonly outcome: Outcome
  /** How long the handler ran. */
  readonly executionMs?: number
  /** The trace that the delivery of the result continues. It is not sent. Absent without tracing. */
  readonly trace?: ResultTrace
}

/** The trace of a task that has ended. The journal keeps it, so a later process continues the same trace. */
export interface ResultTrace {
  readonly taskName: string
  readonly headers: TraceHeaders
}

/** The response of an orchestrator to a result. Each of them is final. */
export type Receipt =
  | { readonly kind: 'taken' }
  /** The result changes nothing, for example because its job has ended. */
  | { readonly kind: 'ignored'; readonly reason: string }

/** The progress of a running task. */
export interface ProgressUpdate {
  /** The id of the job. */
  readonly jobId: string
  /** The id of the task. */
  readonly taskId: string
  /** 0 (started) to 1 (done). */
  readonly progress: number
  /** The current activity, for people. */
  readonly message: string
  /** The trace of the job, for example `traceparent`. */
  readonly tracingContext?: Readonly<Record<string, string>>
}

/** An event of a worker, or of a task. */
export interface WorkerEvent {
  readonly name: string
  readonly payload: JsonObject
  /** Absent: 0. */
  readonly priority?: number
  readonly metadata?: JsonObject
  readonly jobId?: string
  readonly taskId?: string
  readonly tracingContext: Readonly<Record<string, string>>
}

/** An event that a handler sends about its task. */
export interface TaskEvent extends WorkerEvent {
  readonly jobId: string
  readonly taskId: string
}

/** A message of the orchestrator over the socket. */
export type Command =
  | { readonly kind: 'cancel'; readonly taskId: string; readonly jobId: string }
  | { readonly kind: 'other'; readonly name: string; readonly payload: JsonObject }
