import type { Connection } from '../connections/connection.js'
import type { ResultOutcome } from '../delivery/delivery-stats.js'
import type { TaskRef, WorkerState } from '../events.js'
import type { Limits } from '../execution/slots.js'
import type { TaskInHand } from '../execution/task-in-hand.js'
import { OTHER_TASKS, TASK_OUTCOMES, type TaskOutcome } from '../execution/task-stats.js'
import { troubleIn } from '../orchestrators/trouble.js'
import { monotonicMs, wallMs } from '../utils/time.js'
import type { Observed } from './observed.js'

/** A task whose handler runs. */
export interface RunningTask extends TaskRef {
  /** How long the handler has run, in ms. */
  readonly runningMs: number
  /** Whether the signal of the task was aborted, and the handler has not ended yet. */
  readonly isAborted: boolean
}

/** One orchestrator in a {@link WorkerSnapshot}. */
export interface OrchestratorSnapshot {
  /** The address of the orchestrator. */
  readonly url: string
  /** Whether the worker asks this orchestrator for tasks. In failover mode, it uses one orchestrator at a time. */
  readonly isInUse: boolean
  /** Whether the orchestrator works, as far as the worker knows. */
  readonly isUp: boolean
  /**
   * The state of the registration. `unused`: the worker does not need it now. `closed`: the worker has stopped.
   */
  readonly registration: 'unused' | 'registering' | 'registered' | 'closed'
  /** The generation of the protocol; absent before it was detected. */
  readonly generation?: 'classic' | 'rxon'
  /** The number of polls that wait for an answer. */
  readonly openPolls: number
  /** When the last poll was answered, as ISO 8601; absent before. */
  readonly lastPollAt?: string
  /** How far the clock of the orchestrator is ahead of this machine's clock, in ms. */
  readonly clockAheadMs: number
  /** Why the last registration or poll failed; absent while they are answered. Has no text of the orchestrator. */
  readonly trouble?: string
}

/** Whether a worker takes tasks. */
export interface Readiness {
  /** Whether the worker can get tasks now. */
  readonly ready: boolean
  /**
   * The reason why the worker gets no tasks. Also set for a problem that does not stop the worker, such as one of several
   * orchestrators that does not answer. Absent if there is no problem.
   */
  readonly reason?: string
}

/** The state of a worker at one moment. It contains no tokens, keys, params and results. */
export interface WorkerSnapshot {
  /** The time of the snapshot, in ISO 8601. */
  readonly takenAt: string
  /** The id of the worker. */
  readonly workerId: string
  /** The group of the worker: its `WORKER_TYPE`. */
  readonly workerType: string
  /** The state of the worker. */
  readonly state: WorkerState
  /** Whether the worker can get tasks now. */
  readonly ready: boolean
  /** The reason why the worker gets no tasks, or a problem that does not stop it. Absent if there is none. */
  readonly reason?: string
  /** The time since the start of the worker, in ms. Absent before the start. */
  readonly uptimeMs?: number
  /** The slots for handlers. */
  readonly slots: {
    /** The largest number of handlers that run at once. */
    readonly limit: number
    /** The slots in use. */
    readonly used: number
    /** Tasks that wait for a slot. */
    readonly waiting: number
    /** The slots by task type. */
    readonly byType: Readonly<
      Record<
        string,
        {
          /** The largest number of handlers of the type that run at once. */
          readonly limit: number
          /** The slots of the type in use. */
          readonly used: number
        }
      >
    >
  }
  /** The tasks of the worker. */
  readonly tasks: {
    /** The registered task names. */
    readonly names: readonly string[]
    /** The tasks whose handlers run, the oldest first, at most 100. */
    readonly running: readonly RunningTask[]
    /** How many tasks have ended, by outcome. */
    readonly ended: Readonly<Record<TaskOutcome, number>>
    /** The number of received tasks whose name is not registered, by name; at most 20 names. */
    readonly unknownNames: Readonly<Record<string, number>>
  }
  /** The results of the worker. */
  readonly results: {
    /** Results that wait for delivery. */
    readonly undelivered: number
    /** The age of the oldest of them, in ms; absent without one. */
    readonly oldestMs?: number
    /** How many deliveries have ended, by outcome. */
    readonly ended: Readonly<Record<ResultOutcome, number>>
    /** The number of results that orchestrators ignored, by reason. */
    readonly ignoredReasons: Readonly<Record<string, number>>
    /** Dead letters on disk. */
    readonly deadLetters: number
  }
  /** The orchestrators, in the order of the configuration. */
  readonly orchestrators: readonly OrchestratorSnapshot[]
  /** The journal, which keeps results on disk. */
  readonly journal: {
    /** Whether undelivered results survive this process. */
    readonly isKept: boolean
    /** The size of the journal, in bytes. */
    readonly bytes: number
    /** How many times the worker has written to the journal. */
    readonly writes: number
  }
  /** The transfers of files from and to the object store. */
  readonly storage: {
    /** The transferred bytes. */
    readonly bytes: {
      /** From the store. */
      readonly download: number
      /** To the store. */
      readonly upload: number
    }
    /** Transfers that failed. */
    readonly errors: {
      /** From the store. */
      readonly download: number
      /** To the store. */
      readonly upload: number
    }
  }
  /** Other counters since the start of the worker. */
  readonly counts: {
    /** Registrations that an orchestrator accepted. */
    readonly registrations: number
    /** How many times the worker changed to another orchestrator. */
    readonly failovers: number
    /** Promise rejections that no code handled. */
    readonly strayRejections: number
  }
}

const MAX_RUNNING = 100

/** Reads the state of all parts. */
export const takeSnapshot = (observed: Observed): WorkerSnapshot => {
  const { settings, state, isReady, reason, counts, journal, transfers, connections } = observed
  const { workerId, workerType } = settings
  const nowMs = monotonicMs()
  const { startedMs, registrations, failovers, strayRejections } = counts
  return {
    takenAt: isoAt(nowMs),
    workerId,
    workerType,
    state,
    ready: isReady,
    ...(reason !== undefined && { reason }),
    ...(startedMs !== undefined && { uptimeMs: Math.round(nowMs - startedMs) }),
    slots: slotsIn(observed),
    tasks: tasksIn(observed, nowMs),
    results: resultsIn(observed, nowMs),
    orchestrators: connections ? connections.all.map(describe) : settings.orchestrators.map(notConnected),
    journal: { isKept: journal.isKept, ...journal.size },
    storage: { bytes: { ...transfers.bytes }, errors: { ...transfers.errors } },
    counts: { registrations, failovers, strayRejections },
  }
}

/** The types of the registered tasks and of the limits. */
export const taskTypesIn = ({ registry, slots }: Pick<Observed, 'registry' | 'slots'>): readonly string[] => {
  const types = registry.all().map(({ taskType }) => taskType)
  return [...new Set([...types, ...Object.keys(slots.limits.byType)])]
}

/** The most tasks of a type that run at once. */
export const limitOf = ({ global, byType }: Limits, type: string): number =>
  (Object.hasOwn(byType, type) ? byType[type] : undefined) ?? global

/** Turns a time of the monotonic clock into a date. */
const isoAt = (ms: number): string => new Date(wallMs() - monotonicMs() + ms).toISOString()

const slotsIn = (observed: Observed): WorkerSnapshot['slots'] => {
  const { slots } = observed
  const types = taskTypesIn(observed).map(
    (type) => [type, { limit: limitOf(slots.limits, type), used: slots.runningOf(type) }] as const,
  )
  return {
    limit: slots.limits.global,
    used: slots.running,
    waiting: slots.waiting,
    byType: Object.fromEntries(types),
  }
}

const tasksIn = ({ registry, stats, tasks }: Observed, nowMs: number): WorkerSnapshot['tasks'] => {
  const names = registry.all().map(({ name }) => name)
  const all = [...new Set([...names, OTHER_TASKS])].map((name) => stats.of(name))
  const ended = TASK_OUTCOMES.map(
    (outcome) => [outcome, all.reduce((sum, { total }) => sum + total[outcome], 0)] as const,
  )
  const started = tasks.running.filter(({ startedMs }) => startedMs !== undefined)
  return {
    names,
    running: started.slice(0, MAX_RUNNING).map((task) => runningTask(task, nowMs)),
    ended: Object.fromEntries(ended) as Record<TaskOutcome, number>,
    unknownNames: Object.fromEntries(stats.unknown),
  }
}

const runningTask = ({ offer, startedMs, signal }: TaskInHand, nowMs: number): RunningTask => ({
  taskId: offer.taskId,
  jobId: offer.jobId,
  taskName: offer.taskName,
  runningMs: Math.round(nowMs - (startedMs ?? nowMs)),
  isAborted: signal.reason !== undefined,
})

const resultsIn = ({ delivery, journal, ignored }: Observed, nowMs: number): WorkerSnapshot['results'] => {
  const { oldestMs } = delivery
  return {
    undelivered: delivery.undelivered.length,
    ...(oldestMs !== undefined && { oldestMs: Math.round(nowMs - oldestMs) }),
    ended: { ...delivery.stats.total },
    ignoredReasons: Object.fromEntries(ignored),
    deadLetters: journal.deadLetters?.count ?? 0,
  }
}

const describe = (connection: Connection): OrchestratorSnapshot => {
  const { url, orchestrator, polls, registrar, health, isUsed } = connection
  const { polledMs } = orchestrator.stats
  const failure = isUsed ? (registrar.failure ?? polls.failure) : undefined
  return {
    url,
    isInUse: isUsed,
    isUp: health.up,
    registration: registrar.state,
    ...(orchestrator.isProtocolKnown && { generation: orchestrator.protocol.generation }),
    openPolls: polls.open,
    ...(polledMs > 0 && { lastPollAt: isoAt(polledMs) }),
    clockAheadMs: orchestrator.clock.aheadMs,
    ...(failure && { trouble: troubleIn(failure) }),
  }
}

const notConnected = ({ url }: { readonly url: string }): OrchestratorSnapshot => ({
  url,
  isInUse: false,
  isUp: true,
  registration: 'unused',
  openPolls: 0,
  clockAheadMs: 0,
})
