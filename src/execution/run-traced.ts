import type { Outcome, ResultTrace, TaskOffer } from '../protocol/messages.js'
import type { TaskDefinition } from '../tasks/definition.js'
import { runTask, type TaskSurroundings } from '../tasks/run-task.js'
import { errorIn } from '../tasks/thrown.js'
import type { Tracing } from '../tracing/tracing.js'
import type { TaskInHand } from './task-in-hand.js'
import { OTHER_TASKS } from './task-stats.js'

/** Returns the trace of a task that does not run yet, and perhaps never will. */
export const traceOf = (
  offer: TaskOffer,
  definition: TaskDefinition | undefined,
  tracing: Tracing,
): ResultTrace => ({
  taskName: definition?.name ?? OTHER_TASKS,
  headers: tracing.headersOf(offer),
})

/** Runs a task in a span. The span ends when the outcome is decided, even if the handler goes on. */
export const runTraced = (
  task: TaskInHand,
  tracing: Tracing,
  surroundings: TaskSurroundings,
): Promise<Outcome> => {
  const { offer, from, signal } = task
  const { taskName } = task.trace ?? traceOf(offer, surroundings.registry.get(offer.taskName), tracing)
  const span = tracing.begin(offer, taskName, from)
  if (!span) return runTask(offer, signal, surroundings)
  task.trace = { taskName, headers: span.headers }
  void task.outcome.then((outcome) => span.end(outcome, errorIn(outcome)?.err))
  return span.run(() => runTask(offer, signal, surroundings, span))
}
