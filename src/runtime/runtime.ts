import type { ConnectionContext } from '../connections/connection-context.js'
import { Connections } from '../connections/connections.js'
import { describeRegistration } from '../connections/describe-registration.js'
import { describeLoad } from '../connections/heartbeat/describe-load.js'
import { HotCache } from '../connections/heartbeat/hot-cache.js'
import { MachineUsage } from '../connections/heartbeat/machine-usage.js'
import { ReportedUsage } from '../connections/heartbeat/reported-usage.js'
import { Delivery } from '../delivery/delivery.js'
import type { WorkerState } from '../events.js'
import { CapacityCheck } from '../execution/capacity-check.js'
import { Commands } from '../execution/commands.js'
import { type Blockage, type EventLoopOwner, EventLoopWatch } from '../execution/event-loop-watch.js'
import { RepeatedOffers } from '../execution/repeated-offers.js'
import { Slots } from '../execution/slots.js'
import { StrayRejections } from '../execution/stray-rejections.js'
import type { TaskInHand } from '../execution/task-in-hand.js'
import { TaskLifecycle } from '../execution/task-lifecycle.js'
import { TaskReports } from '../execution/task-reports.js'
import { TaskStats } from '../execution/task-stats.js'
import { TasksInHand } from '../execution/tasks-in-hand.js'
import { Journal } from '../journal/journal.js'
import type { ObservedParts } from '../observability/observed.js'
import { tlsFor } from '../orchestrators/target.js'
import { PollTurn } from '../polling/poll-turn.js'
import type { Heartbeat, WorkerEvent } from '../protocol/messages.js'
import { Takeover } from '../takeover/takeover.js'
import { TaskDirectories } from '../tasks/files/task-directories.js'
import { schemasReady } from '../tasks/json-schema/standard-schemas.js'
import { emitOwn, type OwnEvent } from '../tasks/own-event.js'
import { tracingFor } from '../tracing/set-up.js'
import type { TracingSlot } from '../tracing/tracing.js'
import type { TlsFiles } from '../transport/tls-files.js'
import { OwnDirectory, openNamed } from '../utils/directories/own-directory.js'
import { within } from '../utils/time.js'
import { Wake } from '../utils/wake.js'
import { Controls } from './controls.js'
import { deliveryPolicy } from './delivery-policy.js'
import { drain } from './drain.js'
import { failedTasksFor } from './failed-tasks-for.js'
import type { Foundation } from './foundation.js'
import { type Conditions, describeBlockage, obstacleOf, troubleOf } from './readiness.js'
import { toolsFor } from './tools-for.js'

/** How long the removal of files may take when the rest is over, in ms. The next start removes what is left. */
const LAST_REMOVALS_MS = 5_000

/** Joins the parts that run while a worker does. Tasks flow one way: polling → execution → delivery. */
export class Runtime implements EventLoopOwner {
  readonly hotCache: HotCache
  readonly controls: Controls
  readonly commands: Commands
  readonly strays: StrayRejections
  readonly #foundation: Foundation
  readonly #wake = new Wake()
  readonly #tls: TlsFiles | undefined
  readonly #slots: Slots<TaskInHand>
  readonly #directories: TaskDirectories
  readonly #watch: EventLoopWatch
  readonly #journal: Journal
  readonly #stats: TaskStats
  readonly #reports: TaskReports
  readonly #delivery: Delivery
  readonly #tasks: TasksInHand
  readonly #lifecycle: TaskLifecycle
  readonly #takeover: Takeover
  readonly #tracing: TracingSlot = { current: undefined }
  readonly #conditions: Conditions
  readonly #capacity: CapacityCheck | undefined
  #connections: Connections | undefined
  #starting: Promise<void> | undefined
  #isAccepting = false
  #isStopping = false

  constructor(foundation: Foundation) {
    this.#foundation = foundation
    const { settings, registry, events, log, context, capacityChecker: checker } = foundation
    this.#tls = tlsFor(settings, log)
    const wake = this.#wakeForTasks()
    this.hotCache = new HotCache(settings.skillDependencies, wake)
    this.#slots = new Slots({ global: settings.maxConcurrentTasks, byType: settings.taskTypeLimits })
    this.#directories = new TaskDirectories(settings, log, wake)
    this.#watch = new EventLoopWatch(this, wake)
    this.#journal = new Journal(settings, log, this.#wake)
    this.#stats = new TaskStats(foundation.registry)
    this.#reports = new TaskReports(events, log, this.#stats, failedTasksFor(foundation))
    this.#delivery = new Delivery(
      deliveryPolicy(settings, this.#slots),
      this.#journal,
      this.#reports,
      this.#wake,
    )
    this.strays = new StrayRejections(events, log, context)
    const repeats = new RepeatedOffers<TaskInHand>()
    this.#tasks = this.#makeTasks(repeats)
    this.commands = new Commands(this.#tasks, log, context)
    const parts = { journal: this.#journal, delivery: this.#delivery, directories: this.#directories }
    this.#lifecycle = new TaskLifecycle({ ...parts, tasks: this.#tasks, repeats, reports: this.#reports })
    this.#takeover = new Takeover(settings, this.#journal, this.#lifecycle, log, this.#wake)
    const asks = checker && ((name: string) => context.run(() => checker(name)))
    this.#capacity = asks && new CapacityCheck(asks, registry, this.#wake, log)
    const obstacles = { slots: this.#slots, capacity: this.#capacity }
    this.#conditions = { ...parts, ...obstacles, watch: this.#watch, takeover: this.#takeover }
    this.controls = new Controls({ registry, slots: this.#slots, tasks: this.#tasks, context, log })
  }

  /** Why no task can be taken at present; `undefined` when tasks can be taken. */
  get trouble(): string | undefined {
    return troubleOf(this.#conditions, this.#connections)
  }

  /** What is wrong although tasks can come. */
  get concern(): string | undefined {
    const concerns = [this.#connections?.concern, this.#foundation.storage?.store.concern]
    return concerns.filter((each) => each !== undefined).join('; ') || undefined
  }

  /** Why this process cannot be helped; `undefined` while it works. */
  get verdict(): string | undefined {
    return this.#connections?.verdict
  }

  /** How many handlers run. */
  get running(): number {
    return this.#slots.running
  }

  /** The tasks that orchestrators prefer this worker for at present. */
  get hotSkills(): readonly string[] {
    return this.hotCache.skillsAmong(this.#foundation.registry.names)
  }

  /** The parts whose state is reported. */
  get parts(): ObservedParts {
    const { ignored } = this.#reports
    const own = { slots: this.#slots, tasks: this.#tasks, stats: this.#stats, connections: this.#connections }
    return { ...this.#conditions, ...own, ignored }
  }

  /** Sends an event of the worker itself to each orchestrator in use. */
  emit(event: OwnEvent, state: WorkerState): void {
    const { settings, context, log } = this.#foundation
    const send = (sent: WorkerEvent) => context.run(() => this.#connections?.emit(sent))
    emitOwn(event, state, send, settings.eventValidation, log)
  }

  /** @throws ConfigError if another worker uses the state directory, or if other users can change a directory */
  start(): Promise<void> {
    this.#starting = this.#start()
    return this.#starting
  }

  /** Resolves when everything has ended; drain.ts has the order. */
  async stop(pollGraceMs: number, hurry: AbortSignal): Promise<void> {
    this.#isAccepting = false
    this.#isStopping = true
    this.#tasks.refuseOffers()
    this.#watch.stop()
    this.#capacity?.close()
    await this.#starting?.catch(() => {})
    this.#takeover.close()
    if (this.#connections) await this.#drain(this.#connections, pollGraceMs, hurry)
    await this.#journal.close()
  }

  runningTaskNames(): readonly string[] {
    const started = this.#tasks.running.filter(({ startedMs }) => startedMs !== undefined)
    return started.map(({ offer }) => offer.taskName)
  }

  blocked(blockage: Blockage): void {
    const { events, log, context } = this.#foundation
    log.error(blockage, `${describeBlockage(blockage)}: the worker takes no tasks until it runs freely again`)
    events.emit('eventLoopBlocked', blockage)
    context.run(() => this.#connections?.check())
  }

  suspended(ms: number): void {
    this.#foundation.log.warn(
      { ms },
      `This process did not run for ${(ms / 1_000).toFixed(1)} s, because the machine slept or the process was stopped: asking the orchestrators at once`,
    )
    this.#connections?.check()
  }

  async #start(): Promise<void> {
    this.#prepareDirectories()
    const { registry, settings, log } = this.#foundation
    await schemasReady(registry.all())
    this.#tracing.current = await tracingFor(settings, log)
    const left = await this.#journal.open()
    if (this.#isStopping) return
    this.#isAccepting = true
    this.#directories.sweep((taskId) => this.#journal.isStillNeeded(taskId))
    this.#connections = this.#connect()
    this.controls.attach(this.#connections)
    this.#takeover.begin(left, this.#connections)
    this.#connections.open()
  }

  /** @throws ConfigError if somebody has chosen a directory that other users can change */
  #prepareDirectories(): void {
    const { settings, log } = this.#foundation
    const { blobCacheDir, isInPod } = settings
    this.#directories.prepare()
    if (blobCacheDir !== undefined)
      openNamed('WORKER_BLOB_CACHE_DIR', new OwnDirectory([blobCacheDir], { isInPod }), log)
  }

  async #drain(connections: Connections, pollGraceMs: number, hurry: AbortSignal): Promise<void> {
    const { log, settings } = this.#foundation
    const parts = { connections, tasks: this.#tasks, delivery: this.#delivery, journal: this.#journal, log }
    await drain(parts, settings, pollGraceMs, hurry)
    await within(LAST_REMOVALS_MS, this.#directories.idle(), hurry)
  }

  /** Whether more tasks may come: there has to be room for them, for their results and for their files. */
  get #hasRoom(): boolean {
    return this.#isAccepting && obstacleOf(this.#conditions) === undefined
  }

  #describe(): Heartbeat {
    return describeLoad({
      definitions: this.#foundation.registry.all(),
      slots: this.#slots,
      hotCache: this.hotCache,
      tasksInHand: this.#tasks.running.map(({ offer: { taskId, jobId } }) => ({ taskId, jobId })),
      accepting: this.#hasRoom,
      hasCapacity: this.#capacity?.has,
    })
  }

  /** For parts that a handler may call. Polls and heartbeats that follow do not inherit the context of its task. */
  #wakeForTasks(): Wake {
    const wake = new Wake()
    wake.listen(() => this.#foundation.context.run(() => this.#wake.trigger()))
    return wake
  }

  #makeTasks(repeats: RepeatedOffers<TaskInHand>): TasksInHand {
    const { settings, registry, storage, events, log, context, middleware } = this.#foundation
    const tools = toolsFor(this.#foundation, this.hotCache, () => this.#tasks)
    const parts = { directories: this.#directories, watch: this.#watch }
    return new TasksInHand({
      cancelGraceMs: settings.cancelGraceMs,
      surroundings: { ...parts, registry, middleware, storage, tools },
      slots: this.#slots,
      repeats,
      watch: this.#watch,
      reports: this.#reports,
      strays: this.strays,
      tracing: this.#tracing,
      context,
      events,
      log,
      wake: this.#wake,
    })
  }

  #connect(): Connections {
    const { settings, registry, events, log, context: ctx, usageChecker } = this.#foundation
    const sharing = settings.orchestratorMode === 'waterfall' ? 'by-rank' : 'by-weight'
    const context: ConnectionContext = {
      settings,
      events,
      log,
      tls: this.#tls,
      tracing: this.#tracing.current,
      wake: this.#wake,
      journal: this.#journal,
      takeover: this.#takeover,
      commands: this.commands,
      offers: this.#lifecycle,
      machine: usageChecker ? new ReportedUsage(usageChecker, ctx, log) : new MachineUsage(log),
      slots: this.#slots,
      catalog: this.controls,
      register: () => describeRegistration(settings, registry, this.#slots),
      turn: new PollTurn((lent) => this.#hasRoom && this.#slots.reserve(lent), this.#wake, sharing),
      describe: () => this.#describe(),
      hasRoom: () => this.#hasRoom && this.#slots.hasFree,
      unreserve: () => this.#slots.unreserve(),
      nudgeDelivery: (source) => this.#delivery.nudge(source),
    }
    return new Connections(context)
  }
}
