import type { Events } from '../events.js'
import type { Logger } from '../utils/logger.js'
import type { DeliveryReport } from './delivery-lane.js'

/** Tells the log and the listeners how each result fares. */
export const reportDeliveries = (events: Events, log: Logger): DeliveryReport => {
  // The whole outcome goes to the log: this is the last place that has it.
  const refuse: DeliveryReport['refused'] = ({ taskId, jobId, outcome }, error) => {
    log.error(
      { taskId, jobId, outcome, err: error },
      'the orchestrator will never take a result: it ends here',
    )
    events.emit('resultRefused', { taskId, jobId, error })
  }
  return {
    delivered: (result, receipt) => {
      const { taskId, jobId } = result
      if (receipt.kind === 'taken') {
        if (events.has('resultDelivered')) events.emit('resultDelivered', { taskId, jobId })
      } else if (receipt.kind === 'ignored') {
        const { reason } = receipt
        log.warn(
          { taskId, jobId, reason },
          'a result made no difference any more: the orchestrator ignored it',
        )
        events.emit('resultIgnored', { taskId, jobId, reason })
      } else refuse(result, receipt.error)
    },
    setAside: ({ taskId, jobId }, error) => {
      log.error({ taskId, jobId, err: error }, 'a result is not taken; it is kept and tried again slowly')
      events.emit('resultSetAside', { taskId, jobId, error })
    },
    refused: refuse,
  }
}
