import type { ActiveFault, FaultRoute } from './faults/fault.js'
import type { Job, JobProgress } from './state/job.js'
import type { WorkerRecord } from './state/worker.js'

/** An event that a worker's handler sent about its task. */
export interface TaskEvent {
  readonly workerId: string
  /** `undefined` if the event names no job. */
  readonly jobId: string | undefined
  /** `undefined` if the event names no task. */
  readonly taskId: string | undefined
  /** The name of the event. */
  readonly type: string
  readonly payload: Readonly<Record<string, unknown>>
}

/** A request that was answered, or whose connection ended. */
export interface AnsweredRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** The worker or the client API that the path belongs to; `undefined` for any other path. */
  readonly route: FaultRoute | undefined
  /** `undefined` if the connection ended before the answer. */
  readonly status: number | undefined
  /** Whether a fault has hit the request. */
  readonly isBroken: boolean
}

/** The events of an embedded orchestrator, and what a listener receives with each. */
export interface OrchestratorEvents {
  /** A job was created, or changed. */
  readonly job: Job
  /** A worker registered, or sent a heartbeat with new data. */
  readonly worker: WorkerRecord
  /** A running task reported its progress. */
  readonly progress: JobProgress & {
    readonly jobId: string
    readonly taskId: string
    readonly workerId: string
  }
  /** A handler sent an event. Only workers of the second generation do. */
  readonly event: TaskEvent
  /** A request over HTTP was answered. */
  readonly request: AnsweredRequest
  /** A fault was started, or has ended. */
  readonly fault: ActiveFault
}

/** The name of an event. */
export type EventName = keyof OrchestratorEvents
/** What `on` calls at each event of that name. */
export type Listener<Name extends EventName> = (event: OrchestratorEvents[Name]) => void

/** Calls listeners in the order in which they were added. A listener that throws causes a process warning, nothing else. */
export class EventListeners {
  readonly #listeners: { readonly [Name in EventName]: Set<Listener<Name>> } = {
    job: new Set(),
    worker: new Set(),
    progress: new Set(),
    event: new Set(),
    fault: new Set(),
    request: new Set(),
  }

  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    const listeners: Set<Listener<Name>> = this.#listeners[name]
    // A new function, because the same listener may be added twice and removed once.
    const added: Listener<Name> = (event) => listener(event)
    listeners.add(added)
    return () => void listeners.delete(added)
  }

  /** Whether anybody listens. */
  has(name: EventName): boolean {
    return this.#listeners[name].size > 0
  }

  emit<Name extends EventName>(name: Name, event: OrchestratorEvents[Name]): void {
    const listeners: Set<Listener<Name>> = this.#listeners[name]
    for (const listener of listeners) {
      try {
        listener(event)
      } catch (error) {
        process.emitWarning(`A listener to '${name}' of the dev orchestrator threw: ${String(error)}`)
      }
    }
  }
}
