/** What the orchestrator sends to the page. */

export interface JobRow {
  readonly id: string
  readonly task: string
  readonly status: string
  readonly worker?: string
  readonly priority: number
  readonly attempt: number
  /** Milliseconds since 1970. */
  readonly created?: number
  readonly started?: number
  readonly ended?: number
  readonly fraction?: number
  readonly note?: string
  readonly error?: string
}

export interface TimelineEntry {
  readonly atMs: number
  readonly kind: string
  readonly attempt: number
  readonly workerId?: string
  readonly text?: string
}

export interface JobDetail extends JobRow {
  readonly why?: string
  readonly params: string
  readonly result?: string
  readonly extras?: string
  readonly wire: {
    readonly status: string
    readonly state: string
    readonly generation?: string
    readonly taskId?: string
  }
  readonly timeoutMs: number
  readonly traceId?: string
  readonly timeline: readonly TimelineEntry[]
  readonly logs: readonly { readonly atMs: number; readonly level: string; readonly text: string }[]
}

export interface WorkerView {
  readonly id: string
  readonly type: string
  readonly generation: string
  readonly state: string
  readonly why?: string
  readonly slots: readonly {
    readonly type: string
    readonly tasks: readonly string[]
    readonly running: number
    readonly hasFree: boolean
  }[]
  readonly running: number
  readonly maxRunning?: number
  readonly queued: number
  readonly hot: readonly string[]
  readonly load: number
  readonly silentMs: number
  readonly sincePollMs?: number
  readonly isPolling: boolean
  readonly hasSocket: boolean
  readonly hostname?: string
}

export interface QueueGroup {
  readonly task: string
  readonly worker?: string
  readonly jobs: number
  readonly oldestMs: number
  readonly why: string
}

import type { RatePoint } from '../watch/rates.js'

export type { RatePoint }

/** A fault that goes on. */
export interface Fault {
  readonly name: string
  readonly hits: number
  readonly forMs?: number
  readonly leftMs?: number
  readonly times?: number
}

export interface Beat {
  readonly now: number
  readonly workers: readonly WorkerView[]
  readonly queue: readonly QueueGroup[]
  readonly rates: readonly RatePoint[]
  readonly faults?: readonly Fault[]
}

export interface TaskInfo {
  readonly name: string
  readonly description?: string
  readonly schema?: Schema
}

/** The part of JSON Schema that the form understands. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly default?: unknown
  readonly title?: string
  readonly description?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly format?: string
  readonly maxLength?: number
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly $ref?: string
}
