import type { FileMetadata, ProgressUpdate, TaskEvent, TaskOffer } from '../protocol/messages.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import { type EventSpecs, eventPayload } from './event-payload.js'
import type { TaskDirectory } from './files/task-directory.js'
import { TaskFiles } from './files/task-files.js'
import type { TaskSignal } from './task-signal.js'

/** What a handler knows about its task, and what it can do beside returning a result. Destructure it freely. */
export interface TaskContext {
  readonly taskId: string
  readonly jobId: string
  readonly taskName: string
  /** 0 where the orchestrator does not tell (all of the first generation). */
  readonly priority: number
  /** Carries the trace of the job, e.g. `traceparent`. */
  readonly tracingContext: Readonly<Record<string, string>>
  /** When the orchestrator gives the task up, by this machine's clock; `undefined` without a deadline. */
  readonly deadline: Date | undefined
  /** What is known of the files that params name, by param; only from the second generation, like all down to `depth`. */
  readonly paramsMetadata: Readonly<Record<string, FileMetadata>>
  /** The job's metadata, as its client gave them. */
  readonly metadata: JsonObject
  /** Who asked for the job, as far as the orchestrator tells. No signature covers it. */
  readonly security: JsonObject
  /** How many steps the job has made. */
  readonly step: number
  /** How many jobs this one is nested in. */
  readonly depth: number
  /** Aborts when the task is cancelled, its deadline passes or the worker has to end; its `reason` says which. Pass it on to what you call. */
  readonly signal: AbortSignal
  /** The task's own directory, made when something is first put into it, and gone once the result has been taken. */
  readonly files: TaskFiles
  /** The worker's logger, with the ids of task and job in each line. */
  readonly log: Logger
  /**
   * Reports how far the task is.
   *
   * @param fraction - 0 … 1; what lies outside is clamped
   * @param message - what is being done
   * @throws TypeError when the fraction is not a number
   * @example
   * progress(done / all, `picture ${done} of ${all}`)
   */
  readonly progress: (fraction: number, message?: string) => void
  /**
   * Tells the orchestrator of something, for which a blueprint may wait. Orchestrators of the first generation know no
   * events: nothing is sent to them.
   *
   * @param name - 1 to 128 characters out of A-Z a-z 0-9 _ -
   * @param payload - an object that JSON can say
   * @throws TypeError when it cannot be sent, or is not as the task's `events` say; a task with `events` may send only
   * these, unless `STRICT_EVENT_VALIDATION` is false
   * @example
   * emit('page_found', { url })
   */
  readonly emit: (name: string, payload?: object) => void
  /** Tells the orchestrator that `model` is loaded: tasks that need it are then sent here first. */
  readonly addToHotCache: (model: string) => void
  /** Tells the orchestrator that `model` is no longer loaded. */
  readonly removeFromHotCache: (model: string) => void
}

/** What the runtime lends to a context. */
export interface ContextTools {
  readonly log: Logger
  readonly report: (update: ProgressUpdate) => void
  readonly emit: (event: TaskEvent) => void
  /** Whether a task that names its events may send no others. */
  readonly strictEvents: boolean
  readonly addToHotCache: (model: string) => void
  readonly removeFromHotCache: (model: string) => void
}

/**
 * The context of one task. Each member is an own, enumerable property: `const { taskId, ...rest } = ctx` copies only
 * those. `signal` and `log` cost microseconds and few handlers need them, so they are created at the first access.
 */
export class OfferContext implements TaskContext {
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
  declare readonly signal: AbortSignal
  readonly files: TaskFiles
  declare readonly log: Logger
  readonly addToHotCache: (model: string) => void
  readonly removeFromHotCache: (model: string) => void
  readonly #signal: TaskSignal
  readonly #tools: ContextTools
  readonly #events: EventSpecs | undefined
  #log: Logger | undefined

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
    this.files = new TaskFiles(directory, signal)
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
      throw new TypeError(`progress() takes a number from 0 to 1, got ${String(fraction)}`)
    }
    const progress = Math.min(1, Math.max(0, fraction))
    const { taskId, jobId, tracingContext } = this
    this.#tools.report({ taskId, jobId, progress, message, tracingContext })
  }

  readonly emit = (name: string, payload: object = {}): void => {
    const { taskId, jobId, tracingContext } = this
    const checked = eventPayload(name, payload, this.#events, this.#tools.strictEvents)
    this.#tools.emit({ taskId, jobId, name, payload: checked, tracingContext })
  }
}
