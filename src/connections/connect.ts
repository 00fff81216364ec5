import type { Events } from '../events.js'
import type { TaskSource } from '../execution/task-in-hand.js'
import type { Fact, RequestKind } from '../orchestrators/health.js'
import { Orchestrator } from '../orchestrators/orchestrator.js'
import { type PollJournal, PollLoop, type PollLoopOptions } from '../polling/poll-loop.js'
import type { PollTurn } from '../polling/poll-turn.js'
import type { Command, Heartbeat, Registration, Usage } from '../protocol/messages.js'
import type { RuntimeSettings } from '../runtime/settings.js'
import { HttpTransport } from '../transport/http.js'
import { TlsFiles } from '../transport/tls-files.js'
import { openSocket } from '../transport/websocket.js'
import type { Logger } from '../utils/logger.js'
import { Connection, type OnBarred } from './connection.js'
import { asBusy } from './heartbeat/describe-load.js'
import { HeartbeatLoop } from './heartbeat/heartbeat-loop.js'
import { CommandSocket } from './socket/command-socket.js'

export interface ConnectOptions {
  readonly settings: RuntimeSettings
  readonly target: RuntimeSettings['orchestrators'][number]
  readonly tls: TlsFiles | undefined
  readonly registration: Omit<Registration, 'status'>
  readonly describe: () => Heartbeat
  readonly usage: () => Usage
  /** Whether no task may come from there for a while. */
  readonly isHeldOff: (source: TaskSource) => boolean
  /** What has to be tried before each registration. */
  readonly ahead: (source: TaskSource) => Promise<void> | undefined
  readonly onBarred?: OnBarred
  readonly journal: PollJournal
  readonly makeGate: (source: TaskSource) => PollLoopOptions['gate']
  readonly turn: PollTurn
  /** What is known of the orchestrator's health has changed, or has lasted. */
  readonly onHealth: () => void
  /** The orchestrator answers again: what waits to be delivered may go. */
  readonly onRecovered: (source: TaskSource) => void
  readonly onCommand: (command: Command, source: TaskSource) => void
  readonly events: Events
  readonly log: Logger
}

/** On top of the time the orchestrator holds a poll, for the way there and back. */
const POLL_MARGIN_MS = 10_000
/** When a poll ends at the latest, in ms. */
export const pollDeadlineMs = ({ pollTimeoutMs }: Pick<RuntimeSettings, 'pollTimeoutMs'>): number =>
  pollTimeoutMs + POLL_MARGIN_MS
/** Heartbeats, registrations and the like, beside a poll and a result for each slot. */
const SPARE_CONNECTIONS = 8

/** Makes the connection to one orchestrator; nothing is sent before it is opened. */
export const connectTo = (options: ConnectOptions): Connection => {
  const { settings, registration, isHeldOff, journal, events, log } = options
  const orchestrator = reach(options, (kind, fact) => connection.heard(kind, fact), log)
  const { url } = orchestrator
  const describe = () => (isHeldOff(connection) ? asBusy(options.describe()) : options.describe())
  const connection: Connection = new Connection({
    orchestrator,
    registration: () => ({ ...registration, status: describe().status }),
    log,
    makeHeartbeats: ({ source, isUsed, onUnknown }) =>
      new HeartbeatLoop({
        orchestrator,
        describe: () => (isUsed() ? describe() : asBusy(describe())),
        usage: options.usage,
        intervalMs: settings.heartbeatIntervalMs,
        debounceMs: settings.heartbeatDebounceMs,
        log,
        onUnknown,
        onCancelled: (id) => options.onCommand({ kind: 'cancel', taskId: id, jobId: id }, source),
      }),
    makePolls: (source) => {
      const polls = new PollLoop({
        orchestrator,
        gate: options.makeGate(source),
        turn: options.turn,
        weight: options.target.weight,
        journal,
        log,
        maxPolls: settings.maxConcurrentTasks,
        idleDelayMs: settings.idlePollDelayMs,
        errorDelayMs: settings.pollErrorDelayMs,
      })
      options.turn.join(polls)
      return polls
    },
    makeSocket: (source) =>
      settings.websocketsEnabled ? socketOf(options, orchestrator, source) : undefined,
    onRegistered: () => {
      log.info({ orchestrator: url, workerId: settings.workerId }, 'registered')
      events.emit('registered', { orchestrator: url })
    },
    onRegistrationLost: () => {
      log.warn({ orchestrator: url }, 'the orchestrator has forgotten this worker; registering again')
      events.emit('registrationLost', { orchestrator: url })
    },
    ahead: options.ahead,
    onBarred: options.onBarred,
    beside: (workerId, onBarred) => connectTo({ ...underId(workerId, options), onBarred }),
    onHealth: options.onHealth,
    onRecovered: options.onRecovered,
  })
  return connection
}

/** Its health decides nothing. */
const underId = (workerId: string, options: ConnectOptions): ConnectOptions => ({
  ...options,
  settings: { ...options.settings, workerId },
  registration: { ...options.registration, workerId },
  onHealth: () => {},
  log: options.log.child({ standby: workerId }),
})

const socketOf = (
  { events, log, onCommand }: ConnectOptions,
  orchestrator: Orchestrator,
  source: TaskSource,
): CommandSocket =>
  new CommandSocket({
    orchestrator,
    log,
    onCommand: (command) => onCommand(command, source),
    onOpen: () => events.emit('socketOpened', { orchestrator: orchestrator.url }),
    onClosed: ({ code, reason }) =>
      events.emit('socketClosed', { orchestrator: orchestrator.url, code, reason }),
  })

/**
 * The certificates and the key that are configured; `undefined`: none are.
 *
 * @param log - is told of files that change and cannot be used; who is soon over needs none
 * @throws ConfigError when they cannot be used
 */
export const tlsFor = ({ tls }: Pick<RuntimeSettings, 'tls'>, log?: Logger): TlsFiles | undefined => {
  if (Object.keys(tls).length === 0) return undefined
  return new TlsFiles(tls, (error) =>
    log?.error(
      { err: error },
      'the TLS files have changed and cannot be used: the last ones that could still are',
    ),
  )
}

/** The orchestrator alone, spoken to in its generation and with its token. */
export const reach = (
  { settings, target, tls }: Pick<ConnectOptions, 'settings' | 'target' | 'tls'>,
  onFact: (kind: RequestKind, fact: Fact) => void,
  log?: Logger,
): Orchestrator => {
  const { url, token } = target
  const headers = { 'x-worker-token': token, 'x-worker-id': settings.workerId }
  return new Orchestrator({
    url,
    onFact,
    workerId: settings.workerId,
    generation: target.generation,
    token,
    usesSts: settings.usesSts,
    onStsTrouble: (error) =>
      log?.warn(
        { orchestrator: url, err: error },
        'no short-lived token can be had: the configured one is used',
      ),
    taskKey: target.taskKey,
    pollDeadlineMs: pollDeadlineMs(settings),
    transport: new HttpTransport({
      url,
      headers,
      tls,
      connections: 2 * settings.maxConcurrentTasks + SPARE_CONNECTIONS,
    }),
    dial: (path, shown, listener, signal) =>
      openSocket(
        {
          url: url.replace(/\/+$/, '') + path,
          headers: { ...headers, 'x-worker-token': shown },
          tls,
          pingIntervalMs: settings.heartbeatIntervalMs,
        },
        listener,
        signal,
      ),
  })
}
