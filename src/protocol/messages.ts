import type { JsonObject, JsonValue } from '../utils/json.js'

/** What a worker and an orchestrator say to each other, in words that belong to no generation of the wire. */

/** What the machine offers; part of the registration. */
export interface Resources {
  readonly cpuCores: number
  /** Absent without a GPU. */
  readonly gpu?: { readonly model: string; readonly vramGb: number }
}

/** Who this worker is. Sent once per connection, and again whenever the orchestrator has forgotten it. */
export interface Registration {
  readonly workerId: string
  readonly workerType: string
  readonly taskNames: readonly string[]
  readonly maxConcurrentTasks: number
  readonly costPerSkill: Readonly<Record<string, number>>
  readonly installedModels: readonly JsonValue[]
  readonly installedSoftware: JsonObject
  readonly hostname: string
  readonly ipAddress: string
  readonly resources: Resources
  /** Whether this worker opens a socket for commands. */
  readonly websockets: boolean
}

/** What this worker can take at this moment. */
export interface Heartbeat {
  /** Tasks in hand: running, and waiting for a slot of their type. */
  readonly load: number
  /** `idle` while at least one task name has a free slot. */
  readonly status: 'idle' | 'busy'
  /** The task names with a free slot. */
  readonly taskNames: readonly string[]
  readonly hotCache: readonly string[]
  readonly skillDependencies: Readonly<Record<string, readonly string[]>>
  readonly hotSkills: readonly string[]
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
}

/** How far a running task is. */
export interface ProgressUpdate {
  readonly jobId: string
  readonly taskId: string
  /** 0 … 1 */
  readonly progress: number
  readonly message: string
}

/** What the orchestrator sends down the socket. */
export type Command =
  | { readonly kind: 'cancel'; readonly taskId: string; readonly jobId: string }
  | { readonly kind: 'other'; readonly name: string; readonly payload: JsonObject }
