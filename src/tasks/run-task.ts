import { PermanentError, TaskCancelledError, TaskError } from '../errors.js'
import type { Outcome, TaskOffer } from '../protocol/messages.js'
import { monotonicMs } from '../utils/time.js'
import { type ContextTools, OfferContext, type TaskContext } from './context.js'
import type { TaskDefinition, TaskRegistry } from './definition.js'
import { fetchInputs } from './fetch-inputs.js'
import type { TaskDirectories } from './files/task-directories.js'
import type { TaskStorage } from './files/task-storage.js'
import { judgeError, judgeValue, taskErrorIn } from './judge.js'
import { pushOutputs } from './push-outputs.js'
import type { TaskSignal } from './task-signal.js'
import { validateParams } from './validate-params.js'
import { validateResult } from './validate-result.js'

/** What a task needs of the worker around it. */
export interface TaskSurroundings {
  readonly registry: TaskRegistry
  readonly directories: TaskDirectories
  /** Absent where no object store is set up: `s3://` values are then left as they are. */
  readonly storage?: TaskStorage | undefined
  readonly tools: ContextTools
  readonly watch: HandlerWatch
}

/** Sees how long handlers keep everything else waiting. */
export interface HandlerWatch {
  entered(): void
  /** The handler has given the event loop back for the first time, after `ms`. */
  returned(taskName: string, ms: number): void
}

/**
 * The life of one task, a stage a line. Never rejects and always gives exactly one outcome: a failure is built
 * in judge.ts and nowhere else.
 */
export const runTask = async (
  offer: TaskOffer,
  signal: TaskSignal,
  { registry, directories, storage, tools, watch }: TaskSurroundings,
): Promise<Outcome> => {
  try {
    refuseUnwanted(offer)
    const definition = findDefinition(registry, offer)
    const directory = directories.open(offer.taskId)
    // Most stages have nothing to wait for, and each `await` is a turn of the queue: thousands of tasks a second feel it.
    const fetched = fetchInputs(offer.params, storage, directory, signal)
    const checked = validateParams(definition.params, isPending(fetched) ? await fetched : fetched)
    const params = isPending(checked) ? await checked : checked
    // A validator may take its time: a handler that waits for the abort would wait for ever.
    signal.throwIfAborted()
    const context = new OfferContext(offer, signal, tools, directory, definition.described?.events)
    const returned = callHandler(definition, params, context, watch)
    const value = isPending(returned) ? await returned : returned
    if (signal.reason instanceof TaskCancelledError) return judgeError(signal.reason)
    const judged = validateResult(definition.described?.result, judgeValue(value))
    const outcome = isPending(judged) ? await judged : judged
    const pushed = pushOutputs(outcome, storage, directory, signal, tools.log)
    return isPending(pushed) ? await pushed : pushed
  } catch (error) {
    directories.room.notice(error)
    return judgeError(effectiveError(error, signal.reason))
  }
}

/** As `await` sees it: functions can be waited for, too. */
const isPending = <T>(value: T | Promise<T>): value is Promise<T> =>
  typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function'

/** An aborted handler throws whatever its libraries make of the signal; a verdict of its own still counts. */
const effectiveError = (error: unknown, reason: TaskError | undefined): unknown => {
  if (!reason || (taskErrorIn(error) && !(reason instanceof TaskCancelledError))) return error
  return reason
}

/** It is answered like any other: an orchestrator that hears nothing waits for its timeout. */
const refuseUnwanted = ({ refusal }: TaskOffer): void => {
  if (refusal) throw new TaskError(refusal.code, refusal.message)
}

const findDefinition = (registry: TaskRegistry, { taskName }: TaskOffer): TaskDefinition => {
  const definition = registry.get(taskName)
  if (definition) return definition
  const known = registry.all().map(({ name }) => name)
  throw new PermanentError(`This worker has no task "${taskName}"; it has ${known.join(', ') || 'none'}`)
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
