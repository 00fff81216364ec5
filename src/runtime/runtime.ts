import { connectTo } from '../connections/connect.js'
import { Connections } from '../connections/connections.js'
import { describeLoad } from '../connections/heartbeat/describe-load.js'
import { HotCache } from '../connections/heartbeat/hot-cache.js'
import { Telemetry } from '../connections/heartbeat/machine-usage.js'
import { Delivery } from '../delivery/delivery.js'
import type { Events } from '../events.js'
import { Commands } from '../execution/commands.js'
import { type Blockage, LagWatch } from '../execution/event-loop-watch.js'
import { Slots } from '../execution/slots.js'
import { StrayRejections } from '../execution/stray-rejections.js'
import type { TaskInHand, TaskSource } from '../execution/task-in-hand.js'
import { TasksInHand } from '../execution/tasks-in-hand.js'
import { Journal } from '../journal/journal.js'
import { pollDeadlineMs, tlsFor } from '../orchestrators/reach.js'
import type { PollGate } from '../polling/poll-loop.js'
import { PollTurn } from '../polling/poll-turn.js'
import type { Command, Heartbeat, Registration } from '../protocol/messages.js'
import type { Settings } from '../settings.js'
import { Succession } from '../takeover/succession.js'
import type { TaskRegistry } from '../tasks/definition.js'
import { describeSkill } from '../tasks/describe-skill.js'
import { TaskDirectories } from '../tasks/files/task-directories.js'
import type { TaskStorage } from '../tasks/files/task-storage.js'
import type { TlsFiles } from '../transport/tls-files.js'
import type { Logger } from '../utils/logger.js'
import { within } from '../utils/time.js'
import { Wake } from '../utils/wake.js'
import { reportDeliveries } from './delivery-report.js'
import { drain } from './drain.js'

export interface RuntimeOptions {
  readonly settings: Settings
  readonly registry: TaskRegistry
  readonly storage: TaskStorage | undefined
  readonly events: Events
  readonly log: Logger
}

/** What the removal of files has when all else is over, in ms; what is left then goes at the next start. */
const LAST_REMOVALS_MS = 5_000

/** The parts that run while a worker does, joined together. Tasks flow one way: poll → task in hand → delivery. */
export class Runtime {
  readonly hotCache: HotCache
  readonly commands: Commands
  readonly strays: StrayRejections
  /** How many results made no difference any more, by the orchestrators' reasons. */
  readonly ignored = new Map<string, number>()
  readonly #options: RuntimeOptions
  /** Triggered by every part that changes whether tasks can be taken, or what heartbeats tell. */
  readonly #wake = new Wake()
  readonly #tls: TlsFiles | undefined
  readonly #slots: Slots<TaskInHand>
  readonly #directories: TaskDirectories
  readonly #turn: PollTurn
  readonly #lag: LagWatch
  readonly #delivery: Delivery
  readonly #tasks: TasksInHand
  readonly #journal: Journal
  readonly #succession: Succession
  #connections: Connections | undefined
  #starting: Promise<void> | undefined
  #accepting = false
  #isStopping = false

  constructor(options: RuntimeOptions) {
    this.#options = options
    const { settings } = options
    this.#tls = tlsFor(settings, options.log)
    this.hotCache = new HotCache(settings.skillDependencies, this.#wake)
    this.#slots = new Slots({ global: settings.maxConcurrentTasks, byType: settings.taskTypeLimits })
    this.#directories = this.#makeDirectories()
    this.#turn = new PollTurn((lent) => this.#hasRoom && this.#slots.reserve(lent), this.#wake)
    this.#lag = this.#makeLagWatch()
    this.#journal = this.#makeJournal()
    this.#delivery = this.#makeDelivery()
    this.#succession = this.#makeSuccession()
    this.strays = new StrayRejections(options.events, options.log)
    this.#tasks = this.#makeTasks()
    this.commands = new Commands(this.#tasks, options.log)
  }

  /** Why no task can be taken at present; `undefined` when all is well. */
  get trouble(): string | undefined {
    return (
      this.#obstacle ??
      this.#succession.trouble ??
      (this.#connections ? this.#connections.trouble : 'not started')
    )
  }

  /** What is amiss although tasks can come. */
  get concern(): string | undefined {
    return this.#connections?.concern
  }

  /** Why this process is beyond help; `undefined` while it is not. */
  get verdict(): string | undefined {
    return this.#connections?.verdict
  }

  /** How many handlers still run. */
  get running(): number {
    return this.#slots.running
  }

  /** @throws ConfigError when another process works in the state directory */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  /** Resolves when nothing is left; drain.ts has the order. */
  async stop(pollGraceMs: number, hurry: AbortSignal): Promise<void> {
    this.#accepting = false
    this.#lag.stop()
    this.#turn.close()
    this.#isStopping = true
    await this.#starting?.catch(() => {})
    this.#succession.close()
    if (this.#connections) await this.#drain(this.#connections, pollGraceMs, hurry)
    await this.#journal.close()
  }

  async #start(): Promise<void> {
    const left = await this.#journal.open()
    if (this.#isStopping) return
    this.#accepting = true
    this.#directories.sweep((taskId) => this.#journal.isStillNeeded(taskId))
    this.#connections = this.#connect()
    this.#succession.begin(left, this.#connections)
    this.#connections.open()
  }

  async #drain(connections: Connections, pollGraceMs: number, hurry: AbortSignal): Promise<void> {
    const parts = { connections, tasks: this.#tasks, delivery: this.#delivery, journal: this.#journal }
    const { log, settings } = this.#options
    await drain({ ...parts, log, timeoutMs: settings.shutdownTimeoutMs, pollGraceMs, hurry })
    await within(LAST_REMOVALS_MS, this.#directories.idle(), hurry)
  }

  /** Whether more tasks may come: they, their results and their files have to go somewhere. */
  get #hasRoom(): boolean {
    return this.#accepting && this.#obstacle === undefined
  }

  /** What keeps the worker itself from taking tasks. */
  get #obstacle(): string | undefined {
    if (!this.#delivery.hasRoom) return `${this.#delivery.undelivered.length} results wait to be delivered`
    if (this.#lag.blockage) return describeBlockage(this.#lag.blockage)
    return this.#journal.trouble ?? this.#directories.room.trouble
  }

  readonly #describe = (): Heartbeat =>
    describeLoad({
      definitions: this.#options.registry.all(),
      slots: this.#slots,
      hotCache: this.hotCache,
      tasksInHand: this.#tasks.running.map(({ offer: { taskId, jobId } }) => ({ taskId, jobId })),
      accepting: this.#hasRoom,
    })

  #makeLagWatch(): LagWatch {
    const { events, log } = this.#options
    return new LagWatch({
      running: () => this.#tasks.running.filter(isStarted).map(({ offer }) => offer.taskName),
      onBlocked: (blockage) => {
        log.error(blockage, `${describeBlockage(blockage)}: no tasks are taken until it turns freely again`)
        events.emit('eventLoopBlocked', blockage)
        this.#connections?.check()
      },
      wake: this.#wake,
    })
  }

  #makeDirectories(): TaskDirectories {
    const { settings, log } = this.#options
    return new TaskDirectories({
      parent: settings.taskFilesDir,
      workerId: settings.workerId,
      maxBytes: settings.taskFilesMaxBytes,
      keep: settings.keepTaskFiles,
      log,
      wake: this.#wake,
    })
  }

  #makeJournal(): Journal {
    const { settings, log } = this.#options
    return new Journal({
      workerId: settings.workerId,
      isMadeUp: settings.workerIdIsMadeUp,
      folder: settings.journal ? settings.stateDir : undefined,
      syncs: settings.journalSyncs,
      urls: settings.orchestrators.map(({ url }) => url),
      holdMs: settings.pollTimeoutMs,
      log,
      wake: this.#wake,
    })
  }

  #makeSuccession(): Succession {
    const { settings, log } = this.#options
    const parts = { journal: this.#journal, delivery: this.#delivery }
    return new Succession({ settings, ...parts, log, wake: this.#wake })
  }

  #makeDelivery(): Delivery {
    const { settings, events, log } = this.#options
    return new Delivery({
      policy: { maxRetries: settings.resultMaxRetries, initialDelayMs: settings.resultRetryInitialDelayMs },
      report: reportDeliveries(events, log, this.ignored),
      journal: this.#journal,
      answered: (offer, receipt) => this.#tasks.answered(offer, receipt),
      released: ({ taskId, outcome }) => this.#directories.released(taskId, outcome),
      bound: Math.max(1_000, 4 * settings.maxConcurrentTasks),
      wake: this.#wake,
    })
  }

  #makeTasks(): TasksInHand {
    const { settings, registry, events, log } = this.#options
    return new TasksInHand({
      cancelGraceMs: settings.cancelGraceMs,
      surroundings: {
        registry,
        directories: this.#directories,
        storage: this.#options.storage,
        tools: {
          log,
          report: (update) => {
            events.emit('progress', update)
            this.#tasks.progress(update)
          },
          emit: (event) => this.#tasks.emit(event),
          strictEvents: settings.strictEvents,
          addToHotCache: this.hotCache.add,
          removeFromHotCache: this.hotCache.remove,
        },
        watch: this.#lag,
      },
      strays: this.strays,
      slots: this.#slots,
      delivery: this.#delivery,
      journal: this.#journal,
      events,
      log,
      accepts: () => this.#accepting,
      onEnd: (taskName) => this.#lag.ended(taskName),
      wake: this.#wake,
    })
  }

  #connect(): Connections {
    const { settings, events, log } = this.#options
    const telemetry = new Telemetry(log)
    const shared = {
      settings,
      registration: this.#registration(),
      describe: this.#describe,
      wake: this.#wake,
      usage: () => telemetry.usage,
      tls: this.#tls,
      makeGate: (source: TaskSource) => this.#gateFor(source),
      turn: this.#turn,
      isHeldOff: (source: TaskSource) => this.#succession.isHeldOff(source),
      beforeRegistering: (source: TaskSource) => this.#succession.beforeRegistering(source),
      journal: this.#journal,
      onRecovered: (source: TaskSource) => {
        this.#delivery.nudge(source)
        this.#succession.ready(source)
      },
      onCommand: (command: Command, source: TaskSource) => this.commands.take(command, source),
      events,
      log,
    }
    return new Connections({
      mode: settings.orchestratorMode,
      heartbeatIntervalMs: settings.heartbeatIntervalMs,
      pollDeadlineMs: pollDeadlineMs(settings),
      onCure: ({ url }, cure) => log.error({ orchestrator: url, cure }, 'no poll has ended for too long'),
      connect: (onHealth) =>
        settings.orchestrators.map((target) => connectTo({ ...shared, target, onHealth })),
      onSwitched: (left, { url: to }) => {
        const { url: from } = left
        this.#succession.left(left)
        log.warn({ from, to }, 'another orchestrator is used from now on')
        events.emit('orchestratorChanged', { from, to })
      },
    })
  }

  #gateFor(source: TaskSource): PollGate {
    return {
      hasRoom: () => this.#hasRoom && this.#slots.hasFree,
      unreserve: (emptyAfterMs) => {
        this.#slots.unreserve()
        if (emptyAfterMs !== undefined) this.#succession.cameBackEmpty(source, emptyAfterMs)
      },
      offered: (offer, elapsedMs) => {
        this.#succession.brought(source, elapsedMs)
        this.#tasks.take(offer, source)
      },
    }
  }

  #registration(): Omit<Registration, 'status'> {
    const { settings, registry } = this.#options
    return {
      workerId: settings.workerId,
      workerType: settings.workerType,
      skills: registry.all().map(describeSkill),
      maxConcurrentTasks: settings.maxConcurrentTasks,
      costPerSkill: settings.costPerSkill,
      installedModels: settings.installedModels,
      installedSoftware: settings.installedSoftware,
      hostname: settings.hostname,
      ipAddress: settings.ipAddress,
      resources: settings.resources,
      devices: settings.devices,
      installedArtifacts: settings.installedArtifacts,
      extra: settings.extra,
      websockets: settings.websocketsEnabled,
    }
  }
}

const isStarted = ({ startedMs }: TaskInHand): boolean => startedMs !== undefined

const describeBlockage = ({ ms, taskNames }: Blockage): string => {
  const by = taskNames.length === 0 ? 'no handler of a task' : `the handler of ${taskNames.join(', or of ')}`
  return `the event loop was blocked for ${(ms / 1_000).toFixed(1)} s by ${by}`
}
