import type { FileMetadata, ProgressUpdate, TaskEvent, TaskOffer } from '../protocol/messages.js'
import type { EventValidation } from '../settings.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import { loggable } from './describe-thrown.js'
import { type EventOptions, type EventSpecs, eventExtras, eventPayload } from './event-payload.js'
import type { TaskDirectory } from './files/task-directory.js'
import { TaskFiles } from './files/task-files.js'
import type { TaskStorage } from './files/task-storage.js'
import type { TransferObserver } from './files/transfer-progress.js'
import type { TaskSignal } from './task-signal.js'

/**
 * The second argument of a handler: facts about the task, and actions besides returning a result. It can be destructured
 * and copied (`const { taskId, ...rest } = ctx`) without losing a member.
 */
export interface TaskContext {
  /** The task's id at the orchestrator. */
  readonly taskId: string
  /** The id of the job that the task is a step of. */
  readonly jobId: string
  /** The name under which the handler is registered. */
  readonly taskName: string
  /** The task's priority; a larger number is more urgent. 0 if the orchestrator sends none (first generation). */
  readonly priority: number
  /** The trace of the job, for example `traceparent`. Empty without a trace. */
  readonly tracingContext: Readonly<Record<string, string>>
  /** The time at which the orchestrator gives the task up, by this machine's clock. `undefined` without a deadline. */
  readonly deadline: Date | undefined
  /**
   * Size, ETag and metadata of the files that the params name, by param. Empty if the orchestrator sends none
   * (first generation).
   */
  readonly paramsMetadata: Readonly<Record<string, FileMetadata>>
  /** The metadata that the client gave the job. Empty if the orchestrator sends none (first generation). */
  readonly metadata: JsonObject
  /**
   * The client of the job, as the orchestrator describes it. No signature covers this, so do not authorize by it. Empty with
   * `ORCHESTRATOR_SECRET_KEY`, and if the orchestrator sends nothing (first generation).
   */
  readonly security: JsonObject
  /** The number of steps that the job has made. 0 if the orchestrator sends none (first generation). */
  readonly step: number
  /** The number of jobs around this one: 0 for a job that is not nested. 0 if the orchestrator sends none (first generation). */
  readonly depth: number
  /** The hash of the job that created this job. `undefined` if the job has no parent, and in the first generation. */
  readonly parentHash: string | undefined
  /**
   * Aborts when the task is cancelled, when its deadline passes and when the worker has to stop. Its `reason` is a
   * {@link TaskCancelledError}, a {@link TaskTimeoutError} or a {@link ShutdownError}. Pass the signal to everything that
   * takes time.
   *
   * @example
   * const response = await fetch(params.url, { signal })
   */
  readonly signal: AbortSignal
  /** The task's own directory. It is created with the first file and removed after the orchestrator has the result. */
  readonly files: TaskFiles
  /** The worker's logger; each line carries `taskId`, `jobId` and `taskName`. */
  readonly log: Logger
  /**
   * Reports the progress of the task.
   *
   * @param fraction - 0 (started) to 1 (done); a number outside is clamped
   * @param message - the current activity, for people. Default: empty
   * @throws TypeError if the fraction is not a number, while the task runs
   * @example
   * progress(done / all, `picture ${done} of ${all}`)
   */
  readonly progress: (fraction: number, message?: string) => void
  /**
   * Sends an event to the orchestrator; a blueprint may wait for it. Orchestrators of the first generation know no events,
   * so nothing is sent to them.
   *
   * An event is logged as an error and not sent if its name or its payload cannot be sent, if the payload does not match the
   * schema in the task's `events`, or if the task has `events` without this one. `STRICT_EVENT_VALIDATION` changes that.
   *
   * @param name - 1 to 128 characters from `A-Z a-z 0-9 _ -`
   * @param payload - a JSON-compatible object. Default: `{}`
   * @param options - priority and metadata of the event. Default: none
   * @throws TypeError for an event that is not sent, with `STRICT_EVENT_VALIDATION=throw` and while the task runs
   * @example
   * emit('page_found', { url }, { priority: 5 })
   */
  readonly emit: (name: string, payload?: object, options?: EventOptions) => void
  /** Reports that `model` is loaded: the orchestrator prefers this worker for tasks that need the model. */
  readonly addToHotCache: (model: string) => void
  /** Reports that `model` is no longer loaded. */
  readonly removeFromHotCache: (model: string) => void
}

/** The parts of the worker that a context uses. */
export interface ContextTools {
  readonly log: Logger
  /** What becomes of events that the task must not send. */
  readonly eventValidation: EventValidation
  /** Whether the outcome of the task is not decided yet. */
  isRunning(taskId: string): boolean
  /** Copied into each context, so it must work without a receiver. */
  readonly addToHotCache: (model: string) => void
  /** Copied into each context, so it must work without a receiver. */
  readonly removeFromHotCache: (model: string) => void
  report(update: ProgressUpdate): void
  emit(event: TaskEvent): void
}

/**
 * The context of one task. Each member is an own, enumerable property: `const { taskId, ...rest } = ctx` copies only
 * those. `signal` and `log` cost microseconds and few handlers need them, so they are created at the first access.
 */
export class OfferContext implements TaskContext, TransferObserver {
  readonly taskId: string
  readonly jobId: string
  readonly taskName: string
  readonly priority: number
  readonly tracingContext: Readonly<Record<string, string>>
  readonly deadline: Date | undefined
  readonly paramsMetadata: Readonly<Record<string, FileMetadata>>
  readonly metadata: JsonObject
  readonly security: JsonObject
  readonly step: number
  readonly depth: number
  readonly parentHash: string | undefined
  declare readonly signal: AbortSignal
  readonly files: TaskFiles
  declare readonly log: Logger
  readonly addToHotCache: (model: string) => void
  readonly removeFromHotCache: (model: string) => void
  readonly #signal: TaskSignal
  readonly #tools: ContextTools
  readonly #events: EventSpecs | undefined
  #log: Logger | undefined
  /** The last fraction that the handler reported. */
  #fraction = 0

  /** Shared by all contexts: with the same functions each time, V8 keeps all contexts in one shape. */
  static readonly #signalProperty = {
    enumerable: true,
    get(this: OfferContext): AbortSignal {
      return this.#signal.signal
    },
  }

  static readonly #logProperty = {
    enumerable: true,
    get(this: OfferContext): Logger {
      const { taskId, jobId, taskName } = this
      this.#log ??= this.#tools.log.child({ taskId, jobId, taskName })
      return this.#log
    },
  }

  constructor(
    offer: TaskOffer,
    signal: TaskSignal,
    tools: ContextTools,
    directory: TaskDirectory,
    events?: EventSpecs,
    storage?: TaskStorage,
  ) {
    this.taskId = offer.taskId
    this.jobId = offer.jobId
    this.taskName = offer.taskName
    this.priority = offer.priority
    this.tracingContext = offer.tracingContext
    this.deadline = offer.deadlineMs === undefined ? undefined : new Date(offer.deadlineMs)
    this.paramsMetadata = offer.paramsMetadata ?? {}
    this.metadata = offer.metadata ?? {}
    this.security = offer.security ?? {}
    this.step = offer.step ?? 0
    this.depth = offer.depth ?? 0
    this.parentHash = offer.parentHash
    this.files = new TaskFiles(directory, signal, storage, this)
    this.addToHotCache = tools.addToHotCache
    this.removeFromHotCache = tools.removeFromHotCache
    this.#signal = signal
    this.#tools = tools
    this.#events = events
    Object.defineProperty(this, 'signal', OfferContext.#signalProperty)
    Object.defineProperty(this, 'log', OfferContext.#logProperty)
  }

  readonly progress = (fraction: number, message = ''): void => {
    if (typeof fraction !== 'number' || Number.isNaN(fraction)) {
      if (!this.#tools.isRunning(this.taskId)) return
      throw new TypeError(`progress() takes a number from 0 to 1, not ${String(fraction)}`)
    }
    this.#fraction = Math.min(1, Math.max(0, fraction))
    this.#report(message)
  }

  /** Transfers leave the fraction as it is: only the handler knows how much of the task they are. */
  transferring(message: string): void {
    this.#report(message)
  }

  #report(message: string): void {
    const { taskId, jobId, tracingContext } = this
    this.#tools.report({ taskId, jobId, progress: this.#fraction, message, tracingContext })
  }

  readonly emit = (name: string, payload: object = {}, options: EventOptions = {}): void => {
    const { taskId, jobId, tracingContext } = this
    try {
      const checked = eventPayload(name, payload, this.#events, this.#tools.eventValidation)
      this.#tools.emit({
        ...eventExtras(name, options),
        taskId,
        jobId,
        name,
        payload: checked,
        tracingContext,
      })
    } catch (error) {
      if (this.#tools.eventValidation === 'throw' && this.#tools.isRunning(taskId)) throw error
      this.log.error({ event: name, err: loggable(error) }, 'Event not sent: it is not valid')
    }
  }
}
