import type { Connections } from '../connections/connections.js'
import type { Delivery } from '../delivery/delivery.js'
import { ShutdownError } from '../errors.js'
import type { TasksInHand } from '../execution/tasks-in-hand.js'
import type { Journal } from '../journal/journal.js'
import type { Logger } from '../utils/logger.js'
import { after, monotonicMs, within } from '../utils/time.js'

export interface DrainOptions {
  readonly connections: Connections
  readonly tasks: TasksInHand
  readonly delivery: Delivery
  readonly journal: Pick<Journal, 'isKept'>
  readonly log: Logger
  /** How long polls and handlers have, in ms. */
  readonly timeoutMs: number
  /** How long the open polls have, in ms. */
  readonly pollGraceMs: number
  /** Aborts when there is no time left to be polite. */
  readonly hurry: AbortSignal
}

/** How long handlers have to react to their aborted signal, in ms. */
const ABORT_GRACE_MS = 500
/** What delivery has at least, however late the handlers ended, in ms. */
const LAST_DELIVERIES_MS = 1_000

/**
 * Ends the work in the order that loses least: nothing new, then the open polls and the running handlers, then what is
 * left is aborted and reported, then the results go out.
 */
export const drain = async (options: DrainOptions): Promise<void> => {
  const { connections, tasks, delivery, timeoutMs, hurry } = options
  const deadlineMs = monotonicMs() + timeoutMs
  const polls = connections.drain()
  const pollGrace = after(options.pollGraceMs, () => connections.abortPolls())
  tasks.handBackWaiting()
  await within(timeoutMs, Promise.all([polls, tasks.empty()]), hurry)
  pollGrace.cancel()
  connections.abortPolls()
  await endTasks(tasks)
  await deliverRest(delivery, deadlineMs, hurry)
  tellLosses(options)
  delivery.close()
  await connections.close()
}

const endTasks = async (tasks: TasksInHand): Promise<void> => {
  tasks.abortAll(new ShutdownError())
  await within(ABORT_GRACE_MS, tasks.empty())
  tasks.giveUp()
}

const deliverRest = async (delivery: Delivery, deadlineMs: number, hurry: AbortSignal): Promise<void> => {
  if (await within(LAST_DELIVERIES_MS, delivery.empty())) return
  await within(deadlineMs - monotonicMs(), delivery.empty(), hurry)
}

/** What the orchestrator is never told, it finds out by its own timeout. */
const tellLosses = ({ tasks, delivery, journal, log }: DrainOptions): void => {
  for (const { offer } of tasks.running) {
    log.error(
      { taskId: offer.taskId, jobId: offer.jobId, taskName: offer.taskName },
      'a handler did not end in time: it was given up',
    )
  }
  const fate = journal.isKept ? 'it is kept for the next start' : 'it is lost'
  for (const { taskId, jobId, outcome } of delivery.undelivered) {
    log.error(
      { taskId, jobId, outcome: outcome.kind },
      `a result could not be delivered before the worker ended: ${fate}`,
    )
  }
}
