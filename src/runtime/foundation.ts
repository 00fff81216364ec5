import type { UsageChecker } from '../connections/heartbeat/reported-usage.js'
import type { Events } from '../events.js'
import type { CapacityChecker } from '../execution/capacity-check.js'
import type { Settings } from '../settings.js'
import type { TaskRegistry } from '../tasks/definition.js'
import type { TaskStorage } from '../tasks/files/task-storage.js'
import type { MiddlewareChain } from '../tasks/middleware.js'
import type { Logger } from '../utils/logger.js'
import type { StartContext } from '../utils/start-context.js'

/** What the parts of a worker are made of. */
export interface Foundation {
  readonly settings: Settings
  readonly registry: TaskRegistry
  readonly storage: TaskStorage | undefined
  readonly events: Events
  readonly log: Logger
  /** The context of the application: its code is called in it, and calls of its code go on in it. */
  readonly context: StartContext
  /** Runs around each handler. */
  readonly middleware: MiddlewareChain
  readonly capacityChecker: CapacityChecker | undefined
  readonly usageChecker: UsageChecker | undefined
}
