import { checkOptions } from './config/check-options.js'
import { resolveSettings } from './config/resolve.js'
import { WorkerConfig } from './config/worker-config.js'
import { Events } from './events.js'
import { createLogger } from './logger.js'
import type { Foundation } from './runtime/foundation.js'
import { storeFor } from './storage/store-for.js'
import { TransferCounts } from './storage/transfer-counts.js'
import { TaskRegistry } from './tasks/definition.js'
import { taskStorage } from './tasks/files/task-storage.js'
import { MiddlewareChain } from './tasks/middleware.js'
import { safeLogger } from './utils/safe-logger.js'
import { StartContext } from './utils/start-context.js'
import { WORKER_OPTIONS, type WorkerOptions } from './worker-options.js'

/** What the options of a worker and its configuration have become. */
interface Settled {
  readonly foundation: Foundation
  /** The transfers of the object store. */
  readonly transfers: TransferCounts
  /** Probable mistakes in the configuration. */
  readonly warnings: readonly string[]
}

/** @throws ConfigError with all problems of the options and the configuration */
export const foundationFrom = (options: WorkerOptions): Settled => {
  checkOptions(options, WORKER_OPTIONS)
  const { config = new WorkerConfig(), logger, objectStore, capacityChecker, usageChecker, ...rest } = options
  const { settings, warnings } = resolveSettings(config, rest)
  const log = logger ? safeLogger(logger) : createLogger(settings.logLevel, settings.logFormat)
  const context = new StartContext()
  const events = new Events(
    (name, error) => log.error({ err: error }, `Listener of "${name}" failed`),
    context,
  )
  const transfers = new TransferCounts()
  const storage = taskStorage(storeFor(settings, log, objectStore, transfers), settings.s3)
  const [registry, middleware] = [new TaskRegistry(), new MiddlewareChain()]
  const asked = { capacityChecker, usageChecker }
  return {
    foundation: { settings, registry, storage, events, log, context, middleware, ...asked },
    transfers,
    warnings,
  }
}
