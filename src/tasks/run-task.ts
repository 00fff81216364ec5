import { PermanentError, TaskCancelledError, type TaskError } from '../errors.js'
import type { Outcome, TaskOffer } from '../protocol/messages.js'
import type { TaskSpan } from '../tracing/tracing.js'
import { isPending } from '../utils/is-pending.js'
import { monotonicMs } from '../utils/time.js'
import { checkStatus } from './check-status.js'
import type { TaskContext } from './context.js'
import type { TaskDefinition, TaskRegistry } from './definition.js'
import { validateExact } from './exact-params.js'
import { fetchInputs } from './fetch-inputs.js'
import type { TaskDirectories } from './files/task-directories.js'
import type { TaskStorage } from './files/task-storage.js'
import { judgeError, judgeValue } from './judge.js'
import type { MiddlewareChain } from './middleware.js'
import { gatherData } from './mixed-members.js'
import { type ContextTools, OfferContext } from './offer-context.js'
import { pushOutputs } from './push-outputs.js'
import { withFittingMetadata } from './result-extras.js'
import type { TaskSignal } from './task-signal.js'
import { repeatsAbort, taskErrorIn } from './thrown.js'
import { validateParams } from './validate-params.js'
import { validateResult } from './validate-result.js'

/** The parts of the worker that a task uses. */
export interface TaskSurroundings {
  readonly registry: TaskRegistry
  readonly directories: TaskDirectories
  /** Absent without an object store. Then `s3://` values stay unchanged. */
  readonly storage?: TaskStorage | undefined
  readonly tools: ContextTools
  readonly watch: HandlerWatch
  /** Runs around each handler. */
  readonly middleware?: MiddlewareChain
}

/** Watches how long handlers block the event loop. */
export interface HandlerWatch {
  /** A handler is about to be called. */
  entered(): void
  /** The handler has returned a value or a promise: it blocked the event loop for `ms` milliseconds. */
  returned(taskName: string, ms: number): void
}

/**
 * Runs one task, one stage a line. Never rejects and always resolves to exactly one outcome. Failures are built in judge.ts
 * and nowhere else.
 *
 * @param span - transfers get spans of their own inside of it; `undefined` without tracing
 */
export const runTask = async (
  offer: TaskOffer,
  signal: TaskSignal,
  { registry, directories, storage, tools, watch, middleware }: TaskSurroundings,
  span?: TaskSpan,
): Promise<Outcome> => {
  try {
    const definition = findDefinition(registry, offer)
    const directory = directories.open(offer.taskId)
    // Most stages have nothing to wait for. An `await` without need costs a turn of the microtask queue for each task.
    const exact = offer.exactParams?.()
    const { events } = definition.described ?? {}
    const context = new OfferContext(offer, signal, tools, directory, events, storage)
    const fetched = fetchInputs(exact ?? offer.params, storage, directory, signal, context, span)
    const input = isPending(fetched) ? await fetched : fetched
    const checked =
      exact === undefined
        ? validateParams(definition.params, input)
        : validateExact(definition, input, tools.log)
    const params = isPending(checked) ? await checked : checked
    // The task may have been aborted during the validation. Its handler would wait forever for an abort event.
    signal.throwIfAborted()
    const call = () => callHandler(definition, params, context, watch)
    const returned = middleware?.isEmpty === false ? middleware.run(context, params, call) : call()
    const value = isPending(returned) ? await returned : returned
    if (signal.reason instanceof TaskCancelledError) return judgeError(signal.reason)
    const takesBigints = exact !== undefined || definition.described?.bigints === true
    const data = judgeValue(gatherData(definition, value, tools.log), takesBigints)
    const judged = validateResult(definition.described?.result, data, takesBigints)
    const valid = checkStatus(definition.described?.statuses, isPending(judged) ? await judged : judged)
    const outcome = withFittingMetadata(valid, offer, tools.log)
    const pushed = pushOutputs(outcome, storage, directory, signal, context, span)
    return isPending(pushed) ? await pushed : pushed
  } catch (error) {
    directories.diskSpace.notice(error)
    return judgeError(effectiveError(error, signal.reason), shownError(error, signal.reason))
  }
}

/**
 * After an abort, the reason replaces the error that the handler's libraries threw. A TaskError of the handler counts unless
 * the task was cancelled.
 */
const effectiveError = (error: unknown, reason: TaskError | undefined): unknown => {
  if (!reason || (taskErrorIn(error) && !(reason instanceof TaskCancelledError))) return error
  return reason
}

/** Libraries throw when they are aborted. Any other error after an abort is a bug that somebody has to see. */
const shownError = (error: unknown, reason: TaskError | undefined): unknown =>
  repeatsAbort(error, reason) ? reason : error

const findDefinition = (registry: TaskRegistry, { taskName }: TaskOffer): TaskDefinition => {
  const definition = registry.get(taskName)
  if (definition) return definition
  const known = registry.all().map(({ name }) => name)
  throw new PermanentError(`Unknown task "${taskName}": this worker has ${known.join(', ') || 'no tasks'}`)
}

const callHandler = (
  { name, handler }: TaskDefinition,
  params: unknown,
  context: TaskContext,
  watch: HandlerWatch,
): unknown => {
  watch.entered()
  const enteredMs = monotonicMs()
  try {
    return (handler as (params: unknown, context: TaskContext) => unknown)(params, context)
  } finally {
    watch.returned(name, monotonicMs() - enteredMs)
  }
}
