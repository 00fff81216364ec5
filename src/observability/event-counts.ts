import type { Events } from '../events.js'
import { monotonicMs } from '../utils/time.js'

/** Counts rare events from the beginning, because a scrape may come late. */
export class EventCounts {
  registrations = 0
  failovers = 0
  strayRejections = 0
  /** When the worker was started, on the monotonic clock; `undefined` before. */
  startedMs: number | undefined

  constructor(events: Events) {
    events.on('registered', () => this.registrations++)
    events.on('orchestratorChanged', () => this.failovers++)
    events.on('strayRejection', () => this.strayRejections++)
    events.on('stateChanged', ({ to }) => {
      if (to === 'running') this.startedMs = monotonicMs()
    })
  }
}
