import type { ActiveFault, FaultRoute } from './faults/fault.js'
import type { Job, JobProgress } from './state/job.js'
import type { WorkerRecord } from './state/worker.js'

/** An event that a worker has sent. */
export interface TaskEvent {
  /** The id of the worker that sent the event. */
  readonly workerId: string
  /** The id of the job. `undefined` for an event without a job. */
  readonly jobId: string | undefined
  /** The id of the task. `undefined` for an event of the worker itself. */
  readonly taskId: string | undefined
  /** The name of the event. */
  readonly type: string
  /** The payload of the event. */
  readonly payload: Readonly<Record<string, unknown>>
}

/** A request that was answered, or whose connection has ended. */
export interface AnsweredRequest {
  /** The HTTP method, such as `POST`. */
  readonly method: string
  /** The path, without the query. */
  readonly path: string
  /** The route of the path. `undefined` for the page and for unknown paths. */
  readonly route: FaultRoute | undefined
  /** The HTTP status of the answer. `undefined` if the connection ended before the answer. */
  readonly status: number | undefined
  /** Whether a fault has affected the request. */
  readonly isBroken: boolean
}

/** The events of an embedded orchestrator, by name, with the value that listeners receive. */
export interface OrchestratorEvents {
  /** A job was created, or changed. */
  readonly job: Job
  /** A worker registered, or sent a heartbeat with new data. */
  readonly worker: WorkerRecord
  /** A running task reported its progress. */
  readonly progress: JobProgress & {
    /** The id of the job. */
    readonly jobId: string
    /** The id of the task. */
    readonly taskId: string
    /** The id of the worker. */
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
/** A listener to one event, see {@link DevOrchestrator.on}. */
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
