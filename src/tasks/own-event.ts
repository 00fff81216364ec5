import type { WorkerState } from '../events.js'
import type { WorkerEvent } from '../protocol/messages.js'
import type { EventValidation } from '../settings.js'
import type { Logger } from '../utils/logger.js'
import { loggable } from './describe-thrown.js'
import { type EventOptions, eventExtras, eventPayload } from './event-payload.js'

/** An event of the worker itself, as the application gave it. */
export interface OwnEvent {
  readonly name: string
  readonly payload: object
  readonly options: EventOptions
}

const NO_TRACE = {}

/** Sends an event of the worker itself. One that cannot be sent is logged, as an event of a task is. */
export const emitOwn = (
  { name, payload, options }: OwnEvent,
  state: WorkerState,
  send: (event: WorkerEvent) => void,
  validation: EventValidation,
  log: Logger,
): void => {
  try {
    const checked = eventPayload(name, payload, undefined, validation)
    const event = { ...eventExtras(name, options), name, payload: checked, tracingContext: NO_TRACE }
    if (state === 'running' || state === 'draining') send(event)
    else log.warn({ event: name, state }, 'Event not sent: the worker does not run')
  } catch (error) {
    if (validation === 'throw') throw error
    log.error({ event: name, err: loggable(error) }, 'Event not sent: it is not valid')
  }
}
