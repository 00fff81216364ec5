import type { FileMetadata } from '../protocol/messages.js'
import type { JsonObject } from '../utils/json.js'
import type { Logger } from '../utils/logger.js'
import type { EventOptions } from './event-payload.js'
import type { TaskFiles } from './files/task-files.js'

/**
 * The second argument of a handler: the facts about its task, its files, its log and its signal. A copy by
 * `const { taskId, ...rest } = ctx` has all members.
 *
 * The context may be used after the end of its task, after a cancellation and after the stop of the worker. Progress and events
 * are not sent then, and their calls never throw. Only {@link files} ends with the task: creating a file throws a `StateError`.
 */
export interface TaskContext {
  /**
   * The id of the task at the orchestrator. A retry of the task has another id.
   *
   * @example
   * log.debug({ taskId }, 'started')
   */
  readonly taskId: string
  /**
   * The id of the job of the task. It stays the same over retries, so use it for idempotency keys.
   *
   * @example
   * await stripe.charges.create(charge, { idempotencyKey: jobId })
   */
  readonly jobId: string
  /**
   * The name under which the handler is registered.
   *
   * @example
   * const started = performance.now()
   * console.log(taskName, performance.now() - started)
   */
  readonly taskName: string
  /**
   * The priority of the task. A larger number is more urgent. 0 if the orchestrator sends none (first generation).
   *
   * @example
   * const quality = priority > 5 ? 'fast' : 'best'
   */
  readonly priority: number
  /**
   * The trace of the job, for example `traceparent`. Empty without a trace.
   *
   * @example
   * await fetch(params.url, { headers: { ...tracingContext }, signal })
   */
  readonly tracingContext: Readonly<Record<string, string>>
  /**
   * The time at which the task times out at the orchestrator, by the clock of this machine. `undefined` without a deadline.
   *
   * @example
   * const leftMs = deadline ? deadline.getTime() - Date.now() : 60_000
   */
  readonly deadline: Date | undefined
  /**
   * Size, ETag and metadata of the files that the params refer to, by the name of the param. Empty if the orchestrator sends
   * none (first generation).
   *
   * @example
   * const bytes = paramsMetadata['source']?.size ?? 0
   */
  readonly paramsMetadata: Readonly<Record<string, FileMetadata>>
  /**
   * The metadata that the client gave the job. Empty if the orchestrator sends none (first generation).
   *
   * @example
   * const tenant = String(metadata['tenant'] ?? 'unknown')
   */
  readonly metadata: JsonObject
  /**
   * The client of the job, as the orchestrator describes it. It is not signed, so do not use it for authorization. Empty if
   * `ORCHESTRATOR_SECRET_KEY` is set, or if the orchestrator sends nothing (first generation).
   *
   * @example
   * log.info({ client: security['client_id'] }, 'job of a client')
   */
  readonly security: JsonObject
  /**
   * The number of steps that the job has completed. 0 if the orchestrator sends none (first generation).
   *
   * @example
   * if (step > 100) throw new PermanentError('the job runs in circles')
   */
  readonly step: number
  /**
   * The nesting level of the job; 0 for a job without a parent. 0 if the orchestrator sends none (first generation).
   *
   * @example
   * if (depth > 5) throw new PermanentError('too many nested jobs')
   */
  readonly depth: number
  /**
   * The hash of the job that created this job. `undefined` if the job has no parent, and in the first generation.
   *
   * @example
   * log.debug({ parentHash }, 'started by another job')
   */
  readonly parentHash: string | undefined
  /**
   * Aborts when the orchestrator cancels the task, when the deadline passes, or when the worker stops. Its `reason` is a
   * {@link TaskCancelledError}, a {@link TaskTimeoutError} or a {@link ShutdownError}. Pass the signal to every call that takes
   * time.
   *
   * @example
   * const response = await fetch(params.url, { signal })
   */
  readonly signal: AbortSignal
  /**
   * The files of the task, see {@link TaskFiles}. The worker removes them after the orchestrator has received the result.
   *
   * @example
   * await files.write('report.txt', 'all is well')
   */
  readonly files: TaskFiles
  /**
   * The logger of the worker. Each line has the fields `taskId`, `jobId` and `taskName`.
   *
   * @example
   * log.info({ width }, 'resizing')
   */
  readonly log: Logger
  /**
   * Reports the progress of the task.
   *
   * @param fraction - 0 (started) to 1 (done). A smaller number counts as 0, a larger one as 1
   * @param message - the current activity, for people. Default: empty
   * @throws TypeError if the fraction is not a number, while the task runs
   * @example
   * progress(done / all, `picture ${done} of ${all}`)
   */
  readonly progress: (fraction: number, message?: string) => void
  /**
   * Sends an event to the orchestrator. A blueprint may wait for it. Orchestrators of the first generation do not receive events.
   *
   * An event that is not valid is logged as an error and not sent. It is not valid if JSON cannot represent the payload, if the
   * payload does not match its schema in the option `events` of the task, or if `events` does not contain the name.
   * `STRICT_EVENT_VALIDATION` changes this.
   *
   * @param name - 1 to 128 characters out of `A-Z a-z 0-9 _ -`
   * @param payload - a JSON-compatible object. Default: `{}`
   * @param options - priority and metadata of the event. Default: none
   * @throws TypeError for an event that is not valid, with `STRICT_EVENT_VALIDATION=throw` and while the task runs
   * @example
   * emit('page_found', { url }, { priority: 5 })
   */
  readonly emit: (name: string, payload?: object, options?: EventOptions) => void
  /**
   * Reports to the orchestrators that a model is loaded. They prefer this worker for tasks that need the model.
   *
   * @example
   * addToHotCache('painter-v1')
   */
  readonly addToHotCache: (model: string) => void
  /**
   * Reports to the orchestrators that a model is no longer loaded.
   *
   * @example
   * removeFromHotCache('painter-v1')
   */
  readonly removeFromHotCache: (model: string) => void
}
