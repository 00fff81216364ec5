import type { Events } from '../events.js'
import type { Logger } from '../utils/logger.js'
import type { DeliveryReport } from './delivery-lane.js'

/** Tells the log and the listeners how each result fares. */
export const reportDeliveries = (events: Events, log: Logger): DeliveryReport => ({
  delivered: ({ taskId, jobId }) => {
    if (events.has('resultDelivered')) events.emit('resultDelivered', { taskId, jobId })
  },
  setAside: ({ taskId, jobId }, error) => {
    log.error({ taskId, jobId, err: error }, 'a result is not taken; it is kept and tried again slowly')
    events.emit('resultSetAside', { taskId, jobId, error })
  },
  // The whole outcome goes to the log: this is the last place that has it.
  refused: ({ taskId, jobId, outcome }, error) => {
    log.error(
      { taskId, jobId, outcome, err: error },
      'the orchestrator will never take a result: it ends here',
    )
    events.emit('resultRefused', { taskId, jobId, error })
  },
})
