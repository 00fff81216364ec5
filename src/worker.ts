import { channel } from 'node:diagnostics_channel'
import { checkOptions } from './config/check-options.js'
import { type LiveLimits, settleLiveLimits } from './config/live-limits.js'
import { resolveSettings, type Settings } from './config/resolve.js'
import { WorkerConfig } from './config/worker-config.js'
import { StateError } from './errors.js'
import { Events, type WorkerEvents, type WorkerState } from './events.js'
import type { CommandHandler } from './execution/commands.js'
import { HealthCheck } from './health/health-check.js'
import { createLogger } from './logger.js'
import type { DiagnoseOptions, Diagnosis } from './observability/diagnosis.js'
import { Reports, type WorkerMetrics } from './observability/reports.js'
import type { WorkerSnapshot } from './observability/snapshot.js'
import { runUntilSignal, untilStopped } from './runtime/run-until-signal.js'
import { Runtime } from './runtime/runtime.js'
import { startWarnings } from './runtime/start-warnings.js'
import { alreadyStarted, noTasks, WORKER_MOVES } from './runtime/worker-states.js'
import { storeFor } from './storage/store-for.js'
import type { CheckedHandler } from './tasks/checked-return.js'
import type { TaskContext } from './tasks/context.js'
import { type DefinedTask, isDefinedTask, notDefined } from './tasks/define-task.js'
import type { HandlerReturn, ParamsOf, ParamsSpec, RawParams, TaskOptions } from './tasks/definition.js'
import { TaskRegistry } from './tasks/definition.js'
import type { EventOptions } from './tasks/event-payload.js'
import { taskStorage } from './tasks/files/task-storage.js'
import { showInside } from './tasks/inside.js'
import { type ContextAdditions, type Middleware, MiddlewareChain } from './tasks/middleware.js'
import { definitionFrom } from './tasks/register.js'
import type { TasksIn, TypedTask } from './tasks/task-types.js'
import type { Logger } from './utils/logger.js'
import { safeLogger } from './utils/safe-logger.js'
import { StartContext } from './utils/start-context.js'
import { States } from './utils/states.js'
import { type Readiness, type StopOptions, WORKER_OPTIONS, type WorkerOptions } from './worker-options.js'
import type { WorkerTasks } from './worker-tasks.js'

/** The diagnostics channel that tells the command `run` that a module starts its worker itself. */
export const STARTING = 'avtomatika-worker:starting'

/**
 * Takes tasks from an Avtomatika orchestrator, runs your handlers and sends the results back.
 *
 * - `created`: tasks can be registered.
 * - `running`: the worker takes tasks.
 * - `draining`: the worker takes no new tasks. Running tasks may end.
 * - `stopped`: for good.
 *
 * @example
 * const worker = new Worker({ workerType: 'image-processing' })
 * worker.task('resize_image', async (params) => ({ data: { width: params.width } }))
 * await worker.runWithHealthCheck()
 */
export class Worker<Added extends ContextAdditions = NonNullable<unknown>> implements WorkerTasks<Added> {
  readonly #settings: Settings
  readonly #log: Logger
  readonly #events: Events
  readonly #registry = new TaskRegistry()
  readonly #middleware = new MiddlewareChain()
  readonly #runtime: Runtime
  readonly #state: States<WorkerState>
  readonly #hurry = new AbortController()
  readonly #context = new StartContext()
  readonly #health = new HealthCheck()
  readonly #reports: Reports
  #stopped: Promise<void> | undefined

  /** @throws ConfigError that lists all problems of the options and the configuration */
  constructor(options: WorkerOptions = {}) {
    checkOptions(options, WORKER_OPTIONS)
    const {
      config = new WorkerConfig(),
      logger,
      objectStore,
      capacityChecker,
      usageChecker,
      ...rest
    } = options
    const { settings, warnings } = resolveSettings(config, rest)
    this.#settings = settings
    this.#log = logger ? safeLogger(logger) : createLogger(settings.logLevel, settings.logFormat)
    this.#events = new Events(
      (name, error) => this.#log.error({ err: error }, `Listener of "${name}" failed`),
      this.#context,
    )
    this.#state = new States('The worker', 'created', WORKER_MOVES, (from, to) =>
      this.#events.emit('stateChanged', { from, to }),
    )
    const [events, registry] = [this.#events, this.#registry]
    const itself = { worker: () => this, runtime: () => this.#runtime }
    this.#reports = new Reports({ events, settings, registry, ...itself })
    this.#runtime = new Runtime({
      settings,
      registry,
      storage: taskStorage(storeFor(settings, this.#log, objectStore, this.#reports.transfers), settings.s3),
      events,
      log: this.#log,
      context: this.#context,
      middleware: this.#middleware,
      capacityChecker,
      usageChecker,
    })
    showInside(this, { registry, middleware: this.#middleware })
    for (const warning of warnings) this.#log.warn({}, warning)
  }

  /** The worker id: `WORKER_ID`, else a random one. */
  get id(): string {
    return this.#settings.workerId
  }

  get state(): WorkerState {
    return this.#state.now
  }

  /** The port of the health server; `undefined` if it does not run. */
  get healthPort(): number | undefined {
    return this.#health.port
  }

  /** Whether tasks can come at present, and what is wrong. */
  get readiness(): Readiness {
    const trouble = this.#state.now === 'running' ? this.#runtime.trouble : `the worker is ${this.#state.now}`
    const reason = trouble ?? this.#runtime.concern
    return { ready: trouble === undefined, ...(reason !== undefined && { reason }) }
  }

  /** How many results the orchestrators have ignored, by their reasons; see the event `resultIgnored`. */
  get ignoredResults(): ReadonlyMap<string, number> {
    return this.#runtime.parts.ignored
  }

  /** The metrics of this worker as text, for a registry of your own. `/metrics` of the health server has the same. */
  get metrics(): WorkerMetrics {
    return this.#reports
  }

  /** Returns the state of the worker at this moment, without secrets. `/status` of the health server has the same. */
  snapshot(): WorkerSnapshot {
    return this.#reports.snapshot()
  }

  /**
   * Tells why the worker gets no tasks: the causes with evidence and remedy, the most decisive first. Empty if there is none.
   * If `ORCHESTRATOR_PROTOCOL` is not `auto`, asks the orchestrators for their generation, and waits at most 2 s.
   *
   * @example
   * for (const { cause, evidence, remedy } of await worker.diagnose()) console.log(cause, evidence, remedy)
   */
  diagnose(options?: DiagnoseOptions): Promise<readonly Diagnosis[]> {
    return this.#reports.diagnose(options)
  }

  task<R = HandlerReturn, const N extends string = string>(
    name: N,
    handler: CheckedHandler<RawParams, R, false, TaskContext & Added>,
  ): this & TypedTask<N, undefined, R>
  task<
    P extends ParamsSpec | undefined = undefined,
    R = HandlerReturn,
    B extends boolean = false,
    const N extends string = string,
  >(
    name: N,
    options: TaskOptions<P> & { bigints?: B },
    handler: CheckedHandler<ParamsOf<P>, R, B, TaskContext & Added>,
  ): this & TypedTask<N, P, R>
  task(name: string, ...rest: readonly unknown[]): this {
    this.#register(name, rest)
    return this
  }

  add<const T extends readonly DefinedTask<Added>[]>(...tasks: T): this & TasksIn<T> {
    for (const task of tasks) {
      if (!isDefinedTask(task)) throw notDefined(task)
      this.#register(task.name, [task.options, task.run])
    }
    return this as this & TasksIn<T>
  }

  use<New extends ContextAdditions = NonNullable<unknown>>(
    middleware: Middleware<New, Added>,
  ): Worker<Added & New> {
    if (typeof middleware !== 'function') throw new TypeError('worker.use takes a function (ctx, next) => …')
    this.#middleware.add(middleware as Parameters<MiddlewareChain['add']>[0])
    return this as unknown as Worker<Added & New>
  }

  pause(taskType?: string): void {
    this.#runtime.controls.pause(taskType)
  }

  resume(taskType?: string): void {
    this.#runtime.controls.resume(taskType)
  }

  setLimits(limits: LiveLimits): void {
    this.#runtime.controls.setLimits(settleLiveLimits(limits))
  }

  get hotCache(): readonly string[] {
    return this.#runtime.hotCache.models
  }

  get hotSkills(): readonly string[] {
    return this.#runtime.hotSkills
  }

  /**
   * Sends an event of the worker itself, like {@link TaskContext.emit}, once to each orchestrator in use that knows the worker or
   * will do so. An event that cannot be sent is logged as an error.
   * @throws TypeError for an event that cannot be sent, with `STRICT_EVENT_VALIDATION=throw`
   * @example
   * worker.emit('model_loaded', { model: 'painter-v1' }, { priority: 5 })
   */
  emit(name: string, payload: object = {}, options: EventOptions = {}): void {
    this.#runtime.emit({ name, payload, options }, this.#state.now)
  }

  addToHotCache(model: string): void {
    this.#runtime.hotCache.add(model)
  }

  removeFromHotCache(model: string): void {
    this.#runtime.hotCache.remove(model)
  }

  /**
   * Listens to an event of the worker. A listener that throws is logged and harms nothing else.
   *
   * @returns a function that stops listening
   * @example
   * worker.on('taskFinished', ({ taskName, status, durationMs }) => console.log(taskName, status, durationMs))
   */
  on<E extends keyof WorkerEvents>(name: E, listener: (event: WorkerEvents[E]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Registers the handler of a command that the orchestrator sends over the socket. Needs `WORKER_ENABLE_WEBSOCKETS`.
   * Commands without a handler are logged.
   *
   * @param name - the `command` member of the message; not `cancel_task`, which aborts {@link TaskContext.signal}
   * @param handler - receives the whole message; sync or async; its errors are logged
   * @returns a function that removes the handler
   * @throws AvtomatikaError `DUPLICATE_COMMAND` if the command has a handler already
   * @example
   * worker.onCommand('reload_model', async ({ params }) => reload(params))
   */
  onCommand(name: string, handler: CommandHandler): () => void {
    return this.#runtime.commands.on(name, handler)
  }

  /**
   * Starts the worker. Does not wait for an orchestrator to answer, which may come up later than its workers.
   *
   * @throws StateError if the worker was started before
   * @throws ConfigError if another worker uses `WORKER_STATE_DIR`, or others can change it; nothing is started then
   */
  async start(): Promise<void> {
    channel(STARTING).publish(this)
    this.#refuseStart()
    this.#context.capture()
    this.#state.move('running')
    const commands = this.#runtime.commands.count
    for (const warning of startWarnings(this.#registry.all(), this.#settings, commands))
      this.#log.warn({}, warning)
    try {
      await this.#runtime.start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /**
   * Stops the worker gracefully: takes no new tasks, lets running handlers end, gives up the polls, delivers the results and
   * closes. After `WORKER_SHUTDOWN_TIMEOUT` running handlers are aborted and reported as a TRANSIENT_ERROR. Resolves when
   * the worker has stopped. A second call returns the promise of the first.
   */
  stop({ pollGraceMs = this.#settings.shutdownTimeoutMs }: StopOptions = {}): Promise<void> {
    // A handler may call this method, and the drain must not inherit the context of its task.
    this.#stopped ??= this.#context.run(() => this.#stop(pollGraceMs))
    return this.#stopped
  }

  /**
   * Starts the worker and runs it until SIGINT or SIGTERM. Resolves when the worker has drained. A second signal cuts the
   * draining short. If handlers still run after that, the process ends a quarter of a second later.
   *
   * Meanwhile unhandled promise rejections of handlers do not end the process. They are logged and emitted as
   * `strayRejection`. Other rejections keep Node's behavior. {@link start} leaves all rejections to the application.
   *
   * @throws StateError if the worker was started before
   * @throws ConfigError if another worker uses `WORKER_STATE_DIR`, or others can change it; nothing is started then
   */
  async run(): Promise<void> {
    this.#refuseStart()
    const steps = {
      start: () => this.start(),
      stop: () => this.stop(),
      hurry: () => this.#hurry.abort(),
      stopped: () => untilStopped(this.#state, this.#events),
    }
    const running = () => this.#runtime.running
    await runUntilSignal(steps, { strays: this.#runtime.strays, running }, this.#log)
  }

  /**
   * Runs the worker like {@link run}, with a health server on `WORKER_PORT` (default 8083; 0 picks a free port). It
   * serves `/health`, `/livez`, `/readyz`, `/status` and, unless `WORKER_METRICS` is off, `/metrics`.
   *
   * @throws ConfigError if the port is taken; nothing is started then
   */
  async runWithHealthCheck(): Promise<void> {
    this.#refuseStart(this.#health.isUsed)
    channel(STARTING).publish(this)
    const report = () => ({ ...this.readiness, notAlive: this.#runtime.verdict })
    await this.#health.around(this.#settings.workerPort, report, this.#reports.page, (port) => {
      this.#log.info({ port }, 'Health server listens')
      return this.run()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #register(name: string, rest: readonly unknown[]): void {
    if (this.#state.now === 'draining' || this.#state.now === 'stopped') {
      throw new StateError(`Task "${name}" registered too late: the worker is ${this.#state.now}`)
    }
    this.#registry.add(definitionFrom(name, rest))
    this.#runtime.controls.taskAdded()
  }

  #refuseStart(isStarting = false): void {
    if (isStarting || this.#state.now !== 'created') throw alreadyStarted(this.#state.now)
    if (this.#registry.all().length === 0) throw noTasks()
  }

  async #stop(pollGraceMs: number): Promise<void> {
    if (this.#state.now === 'created') {
      this.#state.move('stopped')
      return
    }
    this.#state.move('draining')
    await this.#runtime.stop(pollGraceMs, this.#hurry.signal)
    this.#state.move('stopped')
  }
}
