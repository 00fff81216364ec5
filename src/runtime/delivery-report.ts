import type { ResultObserver } from '../delivery/delivery.js'
import type { Events } from '../events.js'
import type { Logger } from '../utils/logger.js'

/** An orchestrator has a handful of reasons; if one had more, the rest would count as one. */
const MOST_REASONS = 100

/**
 * Tells the log and the listeners how each result fares.
 *
 * @param ignored - counts those that made no difference, by the reason
 */
export const reportDeliveries = (
  events: Events,
  log: Logger,
  ignored: Map<string, number>,
): ResultObserver => ({
  delivered: ({ taskId, jobId }, receipt) => {
    if (receipt.kind === 'taken') {
      if (events.has('resultDelivered')) events.emit('resultDelivered', { taskId, jobId })
      return
    }
    const { reason } = receipt
    log.warn({ taskId, jobId, reason }, 'a result made no difference any more: the orchestrator ignored it')
    const counted = ignored.has(reason) || ignored.size < MOST_REASONS ? reason : 'other'
    ignored.set(counted, (ignored.get(counted) ?? 0) + 1)
    events.emit('resultIgnored', { taskId, jobId, reason })
  },
  setAside: ({ taskId, jobId }, error) => {
    log.error({ taskId, jobId, err: error }, 'a result is not taken; it is kept and tried again slowly')
    events.emit('resultSetAside', { taskId, jobId, error })
  },
  refused: ({ taskId, jobId, outcome }, error, isKept) => {
    const fields = { taskId, jobId, err: error }
    if (isKept) log.error(fields, 'the orchestrator will never take a result: it is a dead letter now')
    // The whole outcome goes to the log: this is the last place that has it.
    else log.error({ ...fields, outcome }, 'the orchestrator will never take a result: it ends here')
    events.emit('resultRefused', { taskId, jobId, error })
  },
})
