import type { Events } from '../events.js'
import type { TaskSource } from '../execution/task-in-hand.js'
import type { Orchestrator } from '../orchestrators/orchestrator.js'
import { reach, type Target } from '../orchestrators/reach.js'
import { type PollJournal, PollLoop, type PollLoopOptions } from '../polling/poll-loop.js'
import type { PollTurn } from '../polling/poll-turn.js'
import type { Command, Heartbeat, Registration, Usage } from '../protocol/messages.js'
import type { Logger } from '../utils/logger.js'
import type { Wake } from '../utils/wake.js'
import { Connection, type OnUnauthorized } from './connection.js'
import { asBusy } from './heartbeat/describe-load.js'
import { HeartbeatLoop } from './heartbeat/heartbeat-loop.js'
import { CommandSocket } from './socket/command-socket.js'

export interface ConnectOptions extends Target {
  readonly registration: Omit<Registration, 'status'>
  readonly describe: () => Heartbeat
  readonly wake: Wake
  readonly usage: () => Usage
  /** Whether no task may come from there for a while. */
  readonly isHeldOff: (source: TaskSource) => boolean
  /** What has to be tried before each registration. */
  readonly beforeRegistering: (source: TaskSource) => Promise<void> | undefined
  readonly onUnauthorized?: OnUnauthorized
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

/** Makes the connection to one orchestrator; nothing is sent before it is opened. */
export const connectTo = (options: ConnectOptions): Connection => {
  const { settings, registration, isHeldOff, journal, events, log } = options
  const orchestrator = reach(options, (kind, fact) => connection.recordFact(kind, fact), log)
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
        wake: options.wake,
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
    beforeRegistering: options.beforeRegistering,
    onUnauthorized: options.onUnauthorized,
    standbyFor: (workerId, onUnauthorized) => connectTo({ ...underId(workerId, options), onUnauthorized }),
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
