import type { TaskEvent } from './rxon/event-desk.js'
import type { Job, JobProgress } from './state/job.js'
import type { WorkerRecord } from './state/worker.js'

/** What can be listened to. */
export interface OrchestratorEvents {
  /** A job is new, or changed. */
  readonly job: Job
  /** A worker registered, or said something about itself. */
  readonly worker: WorkerRecord
  /** A running task told how far it is. */
  readonly progress: JobProgress & {
    readonly jobId: string
    readonly taskId: string
    readonly workerId: string
  }
  /** A handler told something of its own; the second generation's workers do. */
  readonly event: TaskEvent
}

export type EventName = keyof OrchestratorEvents
export type Listener<Name extends EventName> = (event: OrchestratorEvents[Name]) => void

/** Calls listeners in the order they were added. A bug in one is a warning of the process, and harms no one else. */
export class Events {
  readonly #listeners: { readonly [Name in EventName]: Set<Listener<Name>> } = {
    job: new Set(),
    worker: new Set(),
    progress: new Set(),
    event: new Set(),
  }

  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    const listeners: Set<Listener<Name>> = this.#listeners[name]
    // A function of its own, so that the same listener added twice can be removed once.
    const added: Listener<Name> = (event) => listener(event)
    listeners.add(added)
    return () => void listeners.delete(added)
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
