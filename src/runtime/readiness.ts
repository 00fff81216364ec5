import type { Connections } from '../connections/connections.js'
import type { Delivery } from '../delivery/delivery.js'
import type { Blockage, EventLoopWatch } from '../execution/event-loop-watch.js'
import type { Journal } from '../journal/journal.js'
import type { Takeover } from '../takeover/takeover.js'
import type { TaskDirectories } from '../tasks/files/task-directories.js'

/** The parts that may keep a worker from taking tasks. */
export interface Conditions {
  readonly delivery: Delivery
  readonly watch: EventLoopWatch
  readonly journal: Journal
  readonly directories: TaskDirectories
  readonly takeover: Takeover
  readonly slots: { readonly isPaused: boolean }
  /** Absent if the application does not say. */
  readonly capacity: { readonly hasAny: boolean } | undefined
}

/** What keeps the worker itself from taking tasks; `undefined` when nothing does. */
export const obstacleOf = ({
  delivery,
  watch,
  journal,
  directories,
  slots,
  capacity,
}: Conditions): string | undefined => {
  if (slots.isPaused) return 'the worker is paused'
  if (!delivery.hasRoom) return `${delivery.undelivered.length} results wait for delivery`
  if (watch.blockage) return describeBlockage(watch.blockage)
  const trouble = journal.trouble ?? directories.diskSpace.trouble
  if (trouble !== undefined || capacity?.hasAny !== false) return trouble
  return 'capacityChecker allows no task'
}

/**
 * Why no task can be taken at present; `undefined` when tasks can be taken.
 *
 * @param connections - `undefined` before the worker has started
 */
export const troubleOf = (conditions: Conditions, connections: Connections | undefined): string | undefined =>
  obstacleOf(conditions) ?? conditions.takeover.trouble ?? (connections ? connections.trouble : 'not started')

/** For logs and for `/readyz`. */
export const describeBlockage = ({ ms, taskNames }: Blockage): string => {
  const handlers = taskNames.map((name) => `"${name}"`).join(' or ')
  const by = handlers === '' ? 'no handler of a task' : `the handler of ${handlers}`
  return `the event loop was blocked for ${(ms / 1_000).toFixed(1)} s by ${by}`
}
