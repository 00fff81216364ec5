import type { Events } from '../events.js'
import { Orchestrator } from '../orchestrators/orchestrator.js'
import { classic } from '../protocol/classic/classic.js'
import type { Heartbeat, Registration } from '../protocol/messages.js'
import { HttpTransport } from '../transport/http.js'
import type { Logger } from '../utils/logger.js'
import { Connection } from './connection.js'
import type { ResultSink } from './delivery-lane.js'
import { HeartbeatLoop } from './heartbeat-loop.js'
import { PollLoop, type PollLoopOptions } from './poll-loop.js'
import type { RuntimeSettings } from './settings.js'

export interface ConnectOptions {
  readonly settings: RuntimeSettings
  readonly target: RuntimeSettings['orchestrators'][number]
  readonly registration: Registration
  readonly describe: () => Heartbeat
  readonly makeGate: (sink: ResultSink) => PollLoopOptions['gate']
  /** The orchestrator answers again: what waits to be delivered may go. */
  readonly onRecovered: (sink: ResultSink) => void
  readonly events: Events
  readonly log: Logger
}

/** On top of the time the orchestrator holds a poll, for the way there and back. */
const POLL_MARGIN_MS = 10_000
/** Heartbeats, registrations and the like, beside a poll and a result for each slot. */
const SPARE_CONNECTIONS = 8

/** Makes the connection to one orchestrator; nothing is sent before it is opened. */
export const connectTo = (options: ConnectOptions): Connection => {
  const { settings, registration, describe, events, log } = options
  const orchestrator = reach(options)
  const { url } = orchestrator
  return new Connection({
    orchestrator,
    registration,
    log,
    makeHeartbeats: (onUnknown) =>
      new HeartbeatLoop({
        orchestrator,
        describe,
        intervalMs: settings.heartbeatIntervalMs,
        debounceMs: settings.heartbeatDebounceMs,
        log,
        onUnknown,
      }),
    makePolls: (sink, onRecovered) =>
      new PollLoop({
        orchestrator,
        gate: options.makeGate(sink),
        log,
        maxPolls: settings.maxConcurrentTasks,
        idleDelayMs: settings.idlePollDelayMs,
        errorDelayMs: settings.pollErrorDelayMs,
        onRecovered,
      }),
    onRegistered: () => {
      log.info({ orchestrator: url, workerId: settings.workerId }, 'registered')
      events.emit('registered', { orchestrator: url })
    },
    onRegistrationLost: () => {
      log.warn({ orchestrator: url }, 'the orchestrator has forgotten this worker; registering again')
      events.emit('registrationLost', { orchestrator: url })
    },
    onRecovered: options.onRecovered,
  })
}

const reach = ({ settings, target }: ConnectOptions): Orchestrator =>
  new Orchestrator({
    url: target.url,
    workerId: settings.workerId,
    protocol: classic,
    pollDeadlineMs: settings.pollTimeoutMs + POLL_MARGIN_MS,
    transport: new HttpTransport({
      url: target.url,
      headers: { 'x-worker-token': target.token },
      connections: 2 * settings.maxConcurrentTasks + SPARE_CONNECTIONS,
    }),
  })
