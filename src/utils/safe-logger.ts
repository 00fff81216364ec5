import { type LeveledLogger, type LogMethod, writesDebug } from './logger.js'

/**
 * A logger that never throws. The worker logs in the middle of its work, and a logger that fails must not end that work.
 * The first failure is reported once as a process warning.
 */
export const safeLogger = (logger: LeveledLogger): LeveledLogger => {
  let isReported = false
  const guard =
    (method: LogMethod): LogMethod =>
    (fields, message) => {
      try {
        method(fields, message)
      } catch (error) {
        if (isReported) return
        isReported = true
        process.emitWarning(`The logger of the worker threw, log lines are lost: ${String(error)}`)
      }
    }
  return {
    debug: guard((fields, message) => logger.debug(fields, message)),
    info: guard((fields, message) => logger.info(fields, message)),
    warn: guard((fields, message) => logger.warn(fields, message)),
    error: guard((fields, message) => logger.error(fields, message)),
    // A level may change at any time. A logger that cannot tell gets its line.
    isLevelEnabled: (level) => {
      try {
        return level !== 'debug' || writesDebug(logger)
      } catch {
        return true
      }
    },
    child: (fields) => safeLogger(logger.child(fields)),
  }
}
