import type { ProgressUpdate, TaskOffer } from '../protocol/messages.js'
import type { Logger } from '../utils/logger.js'
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
  /** Aborts when the task is cancelled or the worker has to end; its `reason` says which. Pass it on to what you call. */
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
  /** Tells the orchestrator that `model` is loaded: tasks that need it are then sent here first. */
  readonly addToHotCache: (model: string) => void
  /** Tells the orchestrator that `model` is no longer loaded. */
  readonly removeFromHotCache: (model: string) => void
}

/** What the runtime lends to a context. */
export interface ContextTools {
  readonly log: Logger
  readonly report: (update: ProgressUpdate) => void
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
  readonly #signal: TaskSignal
  readonly #tools: ContextTools
  readonly #directory: TaskDirectory
  #files: TaskFiles | undefined
  #log: Logger | undefined

  constructor(offer: TaskOffer, signal: TaskSignal, tools: ContextTools, directory: TaskDirectory) {
    this.taskId = offer.taskId
    this.jobId = offer.jobId
    this.taskName = offer.taskName
    this.priority = offer.priority
    this.tracingContext = offer.tracingContext
    this.addToHotCache = tools.addToHotCache
    this.removeFromHotCache = tools.removeFromHotCache
    this.#signal = signal
    this.#tools = tools
    this.#directory = directory
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
    this.#tools.report({ taskId: this.taskId, jobId: this.jobId, progress, message })
  }
}
