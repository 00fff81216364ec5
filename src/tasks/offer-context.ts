import type { FileMetadata, ProgressUpdate, TaskEvent, TaskOffer } from '../protocol/messages.js'
import type { EventValidation } from '../settings.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import type { TaskContext } from './context.js'
import { loggable } from './describe-thrown.js'
import { type EventOptions, type EventSpecs, eventExtras, eventPayload } from './event-payload.js'
import type { TaskDirectory } from './files/task-directory.js'
import { TaskFiles } from './files/task-files.js'
import type { TaskStorage } from './files/task-storage.js'
import type { TransferObserver } from './files/transfer-progress.js'
import type { TaskSignal } from './task-signal.js'

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
      throw new TypeError(
        `Progress not reported: progress() takes a number from 0 to 1, not ${String(fraction)}`,
      )
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
