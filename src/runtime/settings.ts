import type { Registration } from '../protocol/messages.js'
import type { GenerationChoice } from '../protocol/select.js'
import type { KeepFiles } from '../tasks/files/task-directories.js'
import type { TlsPaths } from '../transport/tls-files.js'

/** What the runtime has to be told; durations in ms. The resolved configuration has all of it. */
export interface RuntimeSettings extends Omit<Registration, 'skills' | 'websockets' | 'status'> {
  readonly taskTypeLimits: Readonly<Record<string, number>>
  readonly skillDependencies: Readonly<Record<string, readonly string[]>>
  /** The most preferred first. */
  readonly orchestrators: readonly {
    readonly url: string
    readonly token: string
    readonly weight: number
    readonly generation: GenerationChoice
    readonly taskKey?: string
  }[]
  readonly orchestratorMode: 'failover' | 'round-robin'
  readonly usesSts: boolean
  readonly tls: TlsPaths
  readonly websocketsEnabled: boolean
  readonly strictEvents: boolean
  readonly cancelGraceMs: number
  readonly heartbeatIntervalMs: number
  readonly heartbeatDebounceMs: number
  readonly resultMaxRetries: number
  readonly resultRetryInitialDelayMs: number
  readonly pollTimeoutMs: number
  readonly pollErrorDelayMs: number
  readonly idlePollDelayMs: number
  readonly shutdownTimeoutMs: number
  readonly taskFilesDir: string
  readonly taskFilesMaxBytes: number | undefined
  readonly keepTaskFiles: KeepFiles
  readonly workerIdIsMadeUp: boolean
  readonly stateDir: string | undefined
  readonly journal: boolean
  readonly journalSyncs: boolean
  readonly pollFence: boolean
}
