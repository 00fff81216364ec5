import type { JsonObject, JsonValue } from '../utils/json.js'

/** What a worker and an orchestrator say to each other, in words that belong to no generation of the wire. */

/** What the machine offers; part of the registration. */
export interface Resources {
  readonly cpuCores: number
  /** Absent where nobody has said it. */
  readonly ramGb?: number
  /** Absent without a GPU. */
  readonly gpu?: { readonly model: string; readonly vramGb: number }
}

/** A task name and what there is to know about it; everything but the name is for orchestrators of the second generation. */
export interface Skill {
  readonly name: string
  readonly description?: string
  readonly version?: string
  /** JSON Schemas: of the params, of the data of a success, and of the payload of each event by its name. */
  readonly inputSchema?: JsonObject
  readonly outputSchema?: JsonObject
  readonly eventsSchema?: Readonly<Record<string, JsonObject>>
  /** The statuses of its own that it may end with. */
  readonly statuses?: readonly string[]
}

/** Who this worker is. Sent once per connection, and again whenever the orchestrator has forgotten it. */
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
  /** More devices than {@link Resources.gpu}, as the second generation describes them. */
  readonly devices: readonly JsonValue[]
  /** What has a version and is no software, such as a data set. */
  readonly installedArtifacts: readonly JsonValue[]
  /** Whatever else tasks may ask for, by name. */
  readonly extra: JsonObject
  /** `busy`: no tasks before a heartbeat says otherwise. */
  readonly status: 'idle' | 'busy'
  /** Whether this worker opens a socket for commands. */
  readonly websockets: boolean
}

/** How much of a device is in use. */
export interface DeviceUsage {
  readonly id: string
  readonly loadPercent: number
  readonly memoryUsedGb: number
}

/** How much of the machine is in use. */
export interface Usage {
  readonly cpuPercent: number
  readonly ramUsedGb: number
  readonly devices: readonly DeviceUsage[]
}

/** What this worker can take at this moment. */
export interface Heartbeat {
  /** Tasks in hand: running, and waiting for a slot of their type. */
  readonly load: number
  /** `idle` while at least one task name has a free slot. */
  readonly status: 'idle' | 'busy'
  /** Whether the worker takes tasks at all: not while it drains, or cannot keep another result. */
  readonly accepting: boolean
  /** What it works on. */
  readonly tasksInHand: readonly { readonly taskId: string; readonly jobId: string }[]
  /** The task names with a free slot. */
  readonly taskNames: readonly string[]
  readonly hotCache: readonly string[]
  readonly skillDependencies: Readonly<Record<string, readonly string[]>>
  readonly hotSkills: readonly string[]
  /** Absent where it has been told already. */
  readonly usage?: Usage
}

/** A file in an object store, as results and params speak of it. */
export interface FileMetadata {
  /** `s3://bucket/key` */
  readonly uri: string
  /** In bytes. */
  readonly size: number
  /** As the store gave it, without quotes. */
  readonly etag?: string
  readonly metadata?: JsonObject
}

/** One task, as an orchestrator offers it. */
export interface TaskOffer {
  readonly jobId: string
  readonly taskId: string
  readonly taskName: string
  /** An object on every orchestrator seen so far; checked before a handler sees it. */
  readonly params: unknown
  readonly priority: number
  readonly tracingContext: Readonly<Record<string, string>>
  /** When the orchestrator gives the task up: ms since 1970 by this machine's clock. Absent without a deadline. */
  readonly deadlineMs?: number | undefined
  /** What is known of the files that params name, by param. */
  readonly paramsMetadata?: Readonly<Record<string, FileMetadata>> | undefined
  /** Of the job, as its client gave it. */
  readonly metadata?: JsonObject | undefined
  /** Of the job: who asked for it. Not covered by the task's signature. */
  readonly security?: JsonObject | undefined
  /** How many steps the job has made. */
  readonly step?: number
  /** How many jobs this one is nested in. */
  readonly depth?: number
  /** Why it must not be run: a signature that is wrong, a policy that forbids it. It is answered with this. */
  readonly refusal?: TaskFailure | undefined
}

/** Why a task failed, as the orchestrator is told. */
export interface TaskFailure {
  readonly code: string
  readonly message: string
}

/** A file of a result, as it lies in the object store now. */
export interface StoredFile {
  readonly uri: string
  /** In bytes. */
  readonly size: number
  /** Where the store tells. */
  readonly etag?: string
}

/** The files of a result by their paths in its data, as in `report` or `pages[0].image`; folders are not among them. */
export type StoredFiles = Readonly<Record<string, StoredFile>>

/** What a task led to. */
export type Outcome =
  | {
      readonly kind: 'value'
      readonly status: string
      readonly data?: JsonObject
      readonly files?: StoredFiles
    }
  | {
      readonly kind: 'failure'
      readonly error: TaskFailure
      readonly data?: JsonObject
      readonly files?: StoredFiles
    }
  | { readonly kind: 'cancelled' }

/** An outcome with its addressee: what is kept until the orchestrator acknowledges it. */
export interface TaskResult {
  readonly jobId: string
  readonly taskId: string
  readonly workerId: string
  readonly outcome: Outcome
  /** How long the handler ran. */
  readonly executionMs?: number
}

/** What an orchestrator says about a result that it has read. */
export type Receipt =
  | { readonly kind: 'taken' }
  /** It makes no difference any more, such as that of a job which has ended. Final, too. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** It cannot be read there; a failure of the task was taken in its place. */
  | { readonly kind: 'replaced'; readonly error: Error }

/** How far a running task is. */
export interface ProgressUpdate {
  readonly jobId: string
  readonly taskId: string
  /** 0 … 1 */
  readonly progress: number
  readonly message: string
  readonly tracingContext?: Readonly<Record<string, string>>
}

/** Something a handler tells about its task while it runs. */
export interface TaskEvent {
  readonly jobId: string
  readonly taskId: string
  readonly name: string
  readonly payload: JsonObject
  readonly tracingContext: Readonly<Record<string, string>>
}

/** What the orchestrator sends down the socket. */
export type Command =
  | { readonly kind: 'cancel'; readonly taskId: string; readonly jobId: string }
  | { readonly kind: 'other'; readonly name: string; readonly payload: JsonObject }
