import type { Connections } from '../connections/connections.js'
import type { Delivery } from '../delivery/delivery.js'
import { ShutdownError } from '../errors.js'
import { refTo } from '../execution/task-in-hand.js'
import type { TasksInHand } from '../execution/tasks-in-hand.js'
import type { Journal } from '../journal/journal.js'
import type { Settings } from '../settings.js'
import type { Logger } from '../utils/logger.js'
import { after, monotonicMs, within } from '../utils/time.js'

/** The parts of a worker that a stop ends. */
interface Drained {
  readonly connections: Connections
  readonly tasks: TasksInHand
  readonly delivery: Delivery
  readonly journal: Pick<Journal, 'isKept'>
  readonly log: Logger
}

/** How long handlers may take to react to their aborted signal, in ms. */
const ABORT_GRACE_MS = 500
/** The least time for the delivery of results, however late the handlers ended, in ms. */
const LAST_DELIVERIES_MS = 1_000

/**
 * Ends the work in the order that loses least. Nothing new is taken. Open polls and running handlers may end. The rest is
 * aborted and reported. The results are delivered.
 *
 * @param pollGraceMs - how long the open polls may take to end, in ms
 * @param hurry - aborts when a second signal cuts the draining short
 */
export const drain = async (
  parts: Drained,
  { shutdownTimeoutMs, pollFence }: Pick<Settings, 'shutdownTimeoutMs' | 'pollFence'>,
  pollGraceMs: number,
  hurry: AbortSignal,
): Promise<void> => {
  const { connections, tasks, delivery, journal } = parts
  const deadlineMs = monotonicMs() + shutdownTimeoutMs
  // The next worker with this id has to know of abandoned polls.
  const abandonsPolls = journal.isKept && pollFence
  const polls = connections.drain(abandonsPolls ? tasks.empty() : undefined)
  const pollGrace = after(pollGraceMs, () => connections.abortPolls())
  tasks.handBackWaiting()
  await within(shutdownTimeoutMs, Promise.all([polls, tasks.empty()]), hurry)
  pollGrace.cancel()
  connections.abortPolls()
  await endTasks(tasks)
  await deliverRest(delivery, deadlineMs, hurry)
  logLosses(parts)
  delivery.close()
  await connections.close()
}

const endTasks = async (tasks: TasksInHand): Promise<void> => {
  tasks.abortAll(new ShutdownError())
  await within(ABORT_GRACE_MS, tasks.empty())
  await within(ABORT_GRACE_MS, tasks.giveUp())
}

const deliverRest = async (delivery: Delivery, deadlineMs: number, hurry: AbortSignal): Promise<void> => {
  // A pause between two attempts may be longer than the time that is left.
  delivery.nudgeAll()
  if (await within(LAST_DELIVERIES_MS, delivery.empty())) return
  await within(deadlineMs - monotonicMs(), delivery.empty(), hurry)
}

/** The orchestrator is not told of these tasks. It finds out by its own timeout. */
const logLosses = ({ tasks, delivery, journal, log }: Drained): void => {
  for (const { offer } of tasks.running) {
    log.error(refTo(offer), 'Handler did not end in time: its task was given up')
  }
  const fate = journal.isKept ? 'the journal keeps it for the next start' : 'it is lost'
  for (const { taskId, jobId, outcome } of delivery.undelivered) {
    const fields = { taskId, jobId, outcome: outcome.kind }
    log.error(fields, `Result not delivered before the worker ended: ${fate}`)
  }
}
