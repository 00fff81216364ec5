import type { HotCache } from '../connections/heartbeat/hot-cache.js'
import type { TasksInHand } from '../execution/tasks-in-hand.js'
import type { ContextTools } from '../tasks/offer-context.js'
import type { Foundation } from './foundation.js'

/**
 * Makes the tools that the context of each task uses. What a handler causes to be sent does not belong to its task, so it
 * leaves the context of the task.
 *
 * @param tasks - returns the tasks of the worker, which are made after the tools
 */
export const toolsFor = (
  { settings, events, log, context }: Foundation,
  hotCache: HotCache,
  tasks: () => Pick<TasksInHand, 'progress' | 'emit' | 'isRunning'>,
): ContextTools => ({
  log,
  eventValidation: settings.eventValidation,
  report: (update) => {
    events.emit('progress', update)
    context.run(() => tasks().progress(update))
  },
  emit: (event) => context.run(() => tasks().emit(event)),
  isRunning: (id) => tasks().isRunning(id),
  addToHotCache: hotCache.add,
  removeFromHotCache: hotCache.remove,
})
