import { EventEmitter } from 'node:events'
import type { ProgressUpdate, TaskFailure } from './protocol/messages.js'

/** The state of a worker. {@link Worker} describes each state. */
export type WorkerState = 'created' | 'running' | 'draining' | 'stopped'

/** The task of an event. */
export interface TaskRef {
  readonly taskId: string
  readonly jobId: string
  readonly taskName: string
}

/** The end of a task, as reported to the orchestrator. */
export interface TaskEnd extends TaskRef {
  /** `success`, `failure`, `cancelled`, or a status that the handler returned. */
  readonly status: string
  readonly error?: TaskFailure
  readonly durationMs: number
}

/** The result of an event. */
export interface ResultRef {
  readonly taskId: string
  readonly jobId: string
}

/** The events of a worker, by name. {@link Worker.on} listens to them. */
export interface WorkerEvents {
  /** The state of the worker changed. */
  stateChanged: { readonly from: WorkerState; readonly to: WorkerState }
  /** An orchestrator accepted the registration. */
  registered: { readonly orchestrator: string }
  /** The orchestrator lost the record of this worker. The worker registers again. */
  registrationLost: { readonly orchestrator: string }
  /** The WebSocket for commands opened. */
  socketOpened: { readonly orchestrator: string }
  /**
   * The WebSocket for commands closed. The worker opens another one. `code` is the close code, 1006 if the connection broke.
   */
  socketClosed: { readonly orchestrator: string; readonly code: number; readonly reason: string }
  /** Failover: the worker uses another orchestrator. The results of earlier tasks still go to the previous one. */
  orchestratorChanged: { readonly from: string; readonly to: string }
  /** The event loop was blocked for `ms`, probably by the handler of one of these tasks. */
  eventLoopBlocked: { readonly ms: number; readonly taskNames: readonly string[] }
  /** The handler of a task is about to run. */
  taskStarted: TaskRef
  /** A task ended. The worker delivers its result next. */
  taskFinished: TaskEnd
  /** The worker returned a task without starting it. The orchestrator gives it to another worker. */
  taskHandedBack: TaskRef
  /**
   * A promise was rejected and nothing handles it. `task` is the task whose handler created it, if known. Only during
   * {@link Worker.run} and {@link Worker.runWithHealthCheck}; with {@link Worker.start}, the application handles rejections.
   */
  strayRejection: { readonly reason: unknown; readonly task?: TaskRef }
  /** A handler reported progress. */
  progress: ProgressUpdate
  /** The orchestrator accepted the result. */
  resultDelivered: ResultRef
  /** All quick retries of a result failed. The worker keeps it and retries about once a minute. */
  resultSetAside: ResultRef & { readonly error: Error }
  /** The orchestrator received the result but ignored it, for this reason. */
  resultIgnored: ResultRef & { readonly reason: string }
  /** The orchestrator refused the result permanently. */
  resultRefused: ResultRef & { readonly error: Error }
}

type Listener<E extends keyof WorkerEvents> = (event: WorkerEvents[E]) => void

/** Where listeners are called. */
interface CallContext {
  run(call: () => void): void
}

const HERE: CallContext = { run: (call) => call() }

/** Calls the listeners of each event. A listener that throws does not affect the others. */
export class Events {
  readonly #emitter = new EventEmitter()
  readonly #broken: (name: string, error: unknown) => void
  readonly #context: CallContext

  /** @param context - each listener is called in it */
  constructor(broken: (name: string, error: unknown) => void, context = HERE) {
    this.#broken = broken
    this.#context = context
    // Node warns of more than ten listeners, which is no sign of a leak here.
    this.#emitter.setMaxListeners(0)
  }

  on<E extends keyof WorkerEvents>(name: E, listener: Listener<E>): () => void {
    this.#emitter.on(name, listener)
    return () => this.#emitter.off(name, listener)
  }

  /** Returns whether the event has a listener. */
  has(name: keyof WorkerEvents): boolean {
    return this.#emitter.listenerCount(name) > 0
  }

  emit<E extends keyof WorkerEvents>(name: E, event: WorkerEvents[E]): void {
    for (const listener of this.#emitter.listeners(name)) {
      try {
        this.#context.run(() => listener(event))
      } catch (error) {
        this.#broken(name, error)
      }
    }
  }
}
