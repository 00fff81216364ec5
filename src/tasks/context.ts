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

/** The context of one task; what costs something is made when it is first asked for. */
export class OfferContext implements TaskContext {
  readonly taskId: string
  readonly jobId: string
  readonly taskName: string
  readonly priority: number
  readonly tracingContext: Readonly<Record<string, string>>
  readonly addToHotCache: (model: string) => void
  readonly removeFromHotCache: (model: string) => void
  readonly #offer: TaskOffer
  readonly #signal: TaskSignal
  readonly #tools: ContextTools
  readonly #directory: TaskDirectory
  readonly #events: EventSpecs | undefined
  #files: TaskFiles | undefined
  #log: Logger | undefined

  constructor(
    offer: TaskOffer,
    signal: TaskSignal,
    tools: ContextTools,
    directory: TaskDirectory,
    events?: EventSpecs,
  ) {
    this.#events = events
    this.taskId = offer.taskId
    this.jobId = offer.jobId
    this.taskName = offer.taskName
    this.priority = offer.priority
    this.tracingContext = offer.tracingContext
    this.addToHotCache = tools.addToHotCache
    this.removeFromHotCache = tools.removeFromHotCache
    this.#offer = offer
    this.#signal = signal
    this.#tools = tools
    this.#directory = directory
  }

  get deadline(): Date | undefined {
    const { deadlineMs } = this.#offer
    return deadlineMs === undefined ? undefined : new Date(deadlineMs)
  }

  get paramsMetadata(): Readonly<Record<string, FileMetadata>> {
    return this.#offer.paramsMetadata ?? {}
  }

  get metadata(): JsonObject {
    return this.#offer.metadata ?? {}
  }

  get security(): JsonObject {
    return this.#offer.security ?? {}
  }

  get step(): number {
    return this.#offer.step ?? 0
  }

  get depth(): number {
    return this.#offer.depth ?? 0
  }

  get signal(): AbortSignal {
    return this.#signal.signal
  }

  get files(): TaskFiles {
    this.#files ??= new TaskFiles(this.#directory, () => this.signal)
    return this.#files
  }

  get log(): Logger {
    const { taskId, jobId, taskName } = this
    this.#log ??= this.#tools.log.child({ taskId, jobId, taskName })
    return this.#log
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
