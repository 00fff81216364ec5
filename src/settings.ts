import type { Resources } from './protocol/messages.js'
import type { JsonObject, JsonValue } from './utils/json.js'

/** The order in which orchestrators are used. */
export type OrchestratorMode = 'failover' | 'round-robin'

/** Which generation of the wire an orchestrator is spoken to in; `auto`: the one that it shows. */
export type GenerationChoice = 'auto' | 'classic' | 'rxon'

/** The least important lines that are logged. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** Whose directories stay when their results have been taken. */
export type KeepTaskFiles = 'never' | 'on-failure' | 'always'

/** One orchestrator with everything needed to talk to it. Token and key are printed as `***`. */
export interface OrchestratorSettings {
  readonly url: string
  readonly priority: number
  readonly weight: number
  readonly token: string
  readonly generation: GenerationChoice
  /** Verifies the tasks that come from there. */
  readonly taskKey?: string
}

/** Access to the object store. The keys are printed as `***`. */
export interface S3Settings {
  /** The URL of a store, or `aws`. */
  readonly endpointUrl?: string
  readonly region?: string
  readonly accessKey?: string
  readonly secretKey?: string
  readonly defaultBucket: string
  /** Empty, or ends with a slash. */
  readonly keyPrefix: string
  readonly maxConcurrency: number
}

/** Where the certificates and the key for TLS are; each may be missing, the last two only together. */
export interface TlsSettings {
  readonly caPath?: string
  readonly certPath?: string
  readonly keyPath?: string
}

/** The configuration, checked and frozen; durations in ms. */
export interface Settings {
  readonly workerId: string
  readonly workerType: string
  readonly workerPort: number
  readonly maxConcurrentTasks: number
  readonly taskTypeLimits: Readonly<Record<string, number>>
  readonly skillDependencies: Readonly<Record<string, readonly string[]>>
  readonly costPerSkill: Readonly<Record<string, number>>
  readonly installedSoftware: JsonObject
  readonly installedModels: readonly JsonValue[]
  readonly installedArtifacts: readonly JsonValue[]
  readonly devices: readonly JsonValue[]
  readonly extra: JsonObject
  readonly hostname: string
  readonly ipAddress: string
  readonly resources: Resources
  readonly orchestrators: readonly OrchestratorSettings[]
  readonly orchestratorMode: OrchestratorMode
  readonly usesSts: boolean
  readonly tls: TlsSettings
  readonly heartbeatIntervalMs: number
  readonly heartbeatDebounceMs: number
  readonly websocketsEnabled: boolean
  readonly strictEvents: boolean
  readonly cancelGraceMs: number
  readonly resultMaxRetries: number
  readonly resultRetryInitialDelayMs: number
  readonly pollTimeoutMs: number
  readonly pollErrorDelayMs: number
  readonly idlePollDelayMs: number
  readonly shutdownTimeoutMs: number
  /** Whether nobody chose the id: the next worker has another. */
  readonly workerIdIsMadeUp: boolean
  /** `undefined`: there is no home, and none was configured. */
  readonly stateDir: string | undefined
  readonly journal: boolean
  readonly journalSyncs: boolean
  readonly pollFence: boolean
  readonly taskFilesDir: string
  readonly taskFilesMaxBytes: number | undefined
  readonly keepTaskFiles: KeepTaskFiles
  /** `undefined`: nothing that is downloaded is kept. */
  readonly blobCacheDir: string | undefined
  readonly blobCacheMaxBytes: number
  readonly s3: S3Settings
  readonly logLevel: LogLevel
}
