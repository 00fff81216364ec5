import { EventEmitter } from 'node:events'
import type { ProgressUpdate, TaskFailure } from './protocol/messages.js'

/** The life of a worker: see {@link Worker}. */
export type WorkerState = 'created' | 'running' | 'draining' | 'stopped'

/** Which task an event is about. */
export interface TaskRef {
  readonly taskId: string
  readonly jobId: string
  readonly taskName: string
}

/** How a task ended, as the orchestrator is told. */
export interface TaskEnd extends TaskRef {
  /** `success`, `failure`, `cancelled` or a status of the handler's own. */
  readonly status: string
  readonly error?: TaskFailure
  readonly durationMs: number
}

/** Which result an event is about. */
export interface ResultRef {
  readonly taskId: string
  readonly jobId: string
}

/** Everything that can be observed of a worker, and what comes with it. */
export interface WorkerEvents {
  /** The worker moved from one state to another. */
  stateChanged: { readonly from: WorkerState; readonly to: WorkerState }
  /** An orchestrator took the registration. */
  registered: { readonly orchestrator: string }
  /** The orchestrator has forgotten this worker, which registers again by itself. */
  registrationLost: { readonly orchestrator: string }
  /** The socket for commands is open. */
  socketOpened: { readonly orchestrator: string }
  /** The socket for commands has ended; the worker opens another. `code` as in WebSockets, 1006 without a goodbye. */
  socketClosed: { readonly orchestrator: string; readonly code: number; readonly reason: string }
  /** Failover: another orchestrator is used from now on. What came from the one before goes back there. */
  orchestratorChanged: { readonly from: string; readonly to: string }
  /** Nothing else could run for `ms`; the handler of one of these tasks did it, as far as could be seen. */
  eventLoopBlocked: { readonly ms: number; readonly taskNames: readonly string[] }
  /** A handler is about to run. */
  taskStarted: TaskRef
  /** A task has reached its outcome; the result is on its way. */
  taskFinished: TaskEnd
  /** A task was given back unstarted, for another worker to do. */
  taskHandedBack: TaskRef
  /**
   * A promise rejected that nobody looks after. `task` says whose it is, where that is known. Only while {@link Worker.run}
   * or {@link Worker.runWithHealthCheck} has the process; otherwise that is the application's business.
   */
  strayRejection: { readonly reason: unknown; readonly task?: TaskRef }
  /** A handler reported progress. */
  progress: ProgressUpdate
  /** The orchestrator has taken the result. */
  resultDelivered: ResultRef
  /** The result was not taken after all quick retries; it is kept and tried again slowly. */
  resultSetAside: ResultRef & { readonly error: Error }
  /** The orchestrator has read the result, which made no difference any more, and says why. */
  resultIgnored: ResultRef & { readonly reason: string }
  /** The orchestrator will never take the result. */
  resultRefused: ResultRef & { readonly error: Error }
}

type Listener<E extends keyof WorkerEvents> = (event: WorkerEvents[E]) => void

/** Tells listeners what happens; one that throws harms nobody but itself. */
export class Events {
  readonly #emitter = new EventEmitter()
  readonly #broken: (name: string, error: unknown) => void

  constructor(broken: (name: string, error: unknown) => void) {
    this.#broken = broken
    // Node warns of more than ten listeners, which is no sign of a leak here.
    this.#emitter.setMaxListeners(0)
  }

  on<E extends keyof WorkerEvents>(name: E, listener: Listener<E>): () => void {
    this.#emitter.on(name, listener)
    return () => this.#emitter.off(name, listener)
  }

  /** Whether making the event is worth while. */
  has(name: keyof WorkerEvents): boolean {
    return this.#emitter.listenerCount(name) > 0
  }

  emit<E extends keyof WorkerEvents>(name: E, event: WorkerEvents[E]): void {
    for (const listener of this.#emitter.listeners(name)) {
      try {
        listener(event)
      } catch (error) {
        this.#broken(name, error)
      }
    }
  }
}
