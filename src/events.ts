import { EventEmitter } from 'node:events'
import { AvtomatikaError, type TaskError } from './errors.js'
import type { ProgressUpdate } from './protocol/messages.js'
import { didYouMean } from './utils/did-you-mean.js'

/** The state of a worker. {@link Worker} describes each state. */
export type WorkerState = 'created' | 'running' | 'draining' | 'stopped'

/** The task of an event. */
export interface TaskRef {
  /** The id of the task. */
  readonly taskId: string
  /** The id of the job of the task. */
  readonly jobId: string
  /** The name of the task. */
  readonly taskName: string
}

/** The end of a task, as reported to the orchestrator. */
export interface TaskEnd extends TaskRef {
  /** `success`, `failure`, `cancelled`, or a status that the handler returned. */
  readonly status: string
  /**
   * The error of a failure, with the code and the message that were reported. It is the TaskError that the handler threw. For
   * anything else that was thrown it has the stack of the thrown error, which is its `cause`.
   */
  readonly error?: TaskError
  /** How long the handler ran, in ms. */
  readonly durationMs: number
}

/** The result of an event. */
export interface ResultRef {
  /** The id of the task. */
  readonly taskId: string
  /** The id of the job of the task. */
  readonly jobId: string
}

/** The events of a worker, by name. {@link Worker.on} listens to them. */
export interface WorkerEvents {
  /** The state of the worker changed. */
  stateChanged: {
    /** The state before. */
    readonly from: WorkerState
    /** The state now. */
    readonly to: WorkerState
  }
  /** An orchestrator accepted the registration. */
  registered: {
    /** The address of the orchestrator. */
    readonly orchestrator: string
  }
  /** The orchestrator lost the record of this worker. The worker registers again. */
  registrationLost: {
    /** The address of the orchestrator. */
    readonly orchestrator: string
  }
  /** The WebSocket for commands opened. */
  socketOpened: {
    /** The address of the orchestrator. */
    readonly orchestrator: string
  }
  /** The WebSocket for commands closed. The worker opens another one. */
  socketClosed: {
    /** The address of the orchestrator. */
    readonly orchestrator: string
    /** The close code. 1006 if the connection broke. */
    readonly code: number
    /** The reason of the close frame. Empty without one. */
    readonly reason: string
  }
  /** Failover: the worker uses another orchestrator. The results of earlier tasks still go to the previous one. */
  orchestratorChanged: {
    /** The address of the previous orchestrator. */
    readonly from: string
    /** The address of the orchestrator in use now. */
    readonly to: string
  }
  /** The event loop was blocked for `ms`, probably by the handler of one of these tasks. */
  eventLoopBlocked: {
    /** How long the event loop was blocked, in ms. */
    readonly ms: number
    /** The names of the tasks whose handlers ran. */
    readonly taskNames: readonly string[]
  }
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
  strayRejection: {
    /** The value that the promise was rejected with. */
    readonly reason: unknown
    /** The task whose handler created the promise. Absent if it is not known. */
    readonly task?: TaskRef
  }
  /** A handler reported progress. */
  progress: ProgressUpdate
  /** The orchestrator accepted the result. */
  resultDelivered: ResultRef
  /** All quick retries of a result failed. The worker keeps it and retries about once a minute. */
  resultSetAside: ResultRef & {
    /** The error of the last attempt. */
    readonly error: Error
  }
  /** The orchestrator received the result but ignored it, for this reason. */
  resultIgnored: ResultRef & {
    /** The reason, in the words of the orchestrator. */
    readonly reason: string
  }
  /** The orchestrator refused the result permanently. */
  resultRefused: ResultRef & {
    /** The answer of the orchestrator. */
    readonly error: Error
  }
}

const NAMES = Object.keys({
  stateChanged: true,
  registered: true,
  registrationLost: true,
  socketOpened: true,
  socketClosed: true,
  orchestratorChanged: true,
  eventLoopBlocked: true,
  taskStarted: true,
  taskFinished: true,
  taskHandedBack: true,
  strayRejection: true,
  progress: true,
  resultDelivered: true,
  resultSetAside: true,
  resultIgnored: true,
  resultRefused: true,
} satisfies Record<keyof WorkerEvents, true>)

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

  /** @throws AvtomatikaError `UNKNOWN_EVENT` if there is no such event, `LISTENER` if the listener is no function */
  on<E extends keyof WorkerEvents>(name: E, listener: Listener<E>): () => void {
    if (!NAMES.includes(name))
      throw new AvtomatikaError(
        'UNKNOWN_EVENT',
        `Unknown event "${String(name)}": ${didYouMean(String(name), NAMES)}`,
      )
    if (typeof listener !== 'function')
      throw new AvtomatikaError(
        'LISTENER',
        `Listener of event "${name}" is no function: worker.on(name, listener)`,
      )
    this.#emitter.on(name, listener)
    return () => this.#emitter.off(name, listener)
  }

  /** Resolves at the first event that fits. */
  until<E extends keyof WorkerEvents>(name: E, fits: (event: WorkerEvents[E]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const stopListening = this.on(name, (event) => {
        if (!fits(event)) return
        stopListening()
        resolve()
      })
    })
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
