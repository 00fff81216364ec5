import type { Events } from '../events.js'
import type { Commands } from '../execution/commands.js'
import type { TaskSource } from '../execution/task-in-hand.js'
import type { Polling } from '../polling/polling.js'
import type { Heartbeat, Registration } from '../protocol/messages.js'
import type { Settings } from '../settings.js'
import type { Tracing } from '../tracing/tracing.js'
import type { TlsFiles } from '../transport/tls-files.js'
import type { Logger } from '../utils/logger.js'
import type { Heartbeating } from './heartbeat/heartbeat-loop.js'
import type { TakeoverHooks } from './takeover-hooks.js'

/** What all connections of a worker share. */
export interface ConnectionContext extends Polling, Heartbeating {
  readonly settings: Settings
  readonly tls: TlsFiles | undefined
  readonly tracing: Tracing | undefined
  /** What a registration tells at this moment. */
  register(): Omit<Registration, 'status' | 'isHeldOff'>
  /** Changes with what {@link ConnectionContext.register} returns. */
  readonly catalog: { readonly version: number }
  readonly takeover: TakeoverHooks
  readonly commands: Pick<Commands, 'take'>
  readonly events: Events
  readonly log: Logger
  /** What this worker can take at this moment. */
  describe(): Heartbeat
  /** The orchestrator answers again: undelivered results may go. */
  nudgeDelivery(source: TaskSource): void
}
