import { channel } from 'node:diagnostics_channel'
import { type LiveLimits, settleLiveLimits } from './config/live-limits.js'
import type { WorkerEvents, WorkerState } from './events.js'
import type { CommandHandler } from './execution/commands.js'
import { HealthCheck } from './health/health-check.js'
import type { DiagnoseOptions, Diagnosis } from './observability/diagnosis.js'
import { Reports, type WorkerMetrics } from './observability/reports.js'
import type { Readiness, WorkerSnapshot } from './observability/snapshot.js'
import type { Foundation } from './runtime/foundation.js'
import { Lifetime } from './runtime/lifetime.js'
import { runUntilSignal } from './runtime/run-until-signal.js'
import { Runtime } from './runtime/runtime.js'
import type { CheckedHandler } from './tasks/checked-return.js'
import type { TaskContext } from './tasks/context.js'
import { type DefinedTask, isDefinedTask, notDefined } from './tasks/define-task.js'
import type { HandlerReturn, ParamsOf, ParamsSpec, RawParams, TaskOptions } from './tasks/definition.js'
import type { EventOptions } from './tasks/event-payload.js'
import { showInside } from './tasks/inside.js'
import type { ContextAdditions, Middleware, MiddlewareChain } from './tasks/middleware.js'
import { definitionFrom } from './tasks/register.js'
import type { TasksIn, TypedTask } from './tasks/task-types.js'
import { foundationFrom } from './worker-foundation.js'
import type { StopOptions, WorkerOptions } from './worker-options.js'
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
  readonly #foundation: Foundation
  readonly #runtime: Runtime
  readonly #lifetime: Lifetime
  readonly #health = new HealthCheck()
  readonly #reports: Reports

  /**
   * Checks the options and the configuration. Starts nothing.
   *
   * @throws ConfigError with all problems of the options and the configuration
   */
  constructor(options: WorkerOptions = {}) {
    const { foundation, transfers, warnings } = foundationFrom(options)
    const { settings, registry, middleware, events, log } = foundation
    this.#foundation = foundation
    const runtime = new Runtime(foundation)
    this.#runtime = runtime
    this.#lifetime = new Lifetime(foundation, runtime)
    this.#reports = new Reports({ events, settings, registry, transfers, worker: this, runtime })
    showInside(this, { registry, middleware })
    for (const warning of warnings) log.warn({}, warning)
  }

  /** The worker id. Variable `WORKER_ID`. Default: `worker-` and a random UUID. */
  get id(): string {
    return this.#foundation.settings.workerId
  }

  /** The state of the worker: `created`, `running`, `draining` or `stopped`. */
  get state(): WorkerState {
    return this.#lifetime.state
  }

  /** The port of the health server. `undefined` while the server does not run. */
  get healthPort(): number | undefined {
    return this.#health.port
  }

  /** Whether the worker can get tasks now, and the reason if it cannot. `/readyz` of the health server reports the same. */
  get readiness(): Readiness {
    return this.#lifetime.readiness
  }

  /** The number of results that orchestrators ignored, by reason. See the event `resultIgnored`. */
  get ignoredResults(): ReadonlyMap<string, number> {
    return this.#runtime.parts.ignored
  }

  /** Writes the metrics of this worker, for a server of your own. `/metrics` of the health server serves the same. */
  get metrics(): WorkerMetrics {
    return this.#reports
  }

  /** Returns the current state of the worker, without secrets. `/status` of the health server serves the same. */
  snapshot(): WorkerSnapshot {
    return this.#reports.snapshot()
  }

  /**
   * Finds out why the worker gets no tasks. Each cause has its evidence and a remedy. The most important cause comes first. Empty
   * if there is no cause. If `ORCHESTRATOR_PROTOCOL` is not `auto`, it also asks the orchestrators for their generation, and
   * waits 2 s at most.
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
    if (typeof middleware !== 'function')
      throw new TypeError('Middleware not added: worker.use takes a function (ctx, next) => …')
    this.#foundation.middleware.add(middleware as Parameters<MiddlewareChain['add']>[0])
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
   * Sends an event of the worker itself to each orchestrator in use. Orchestrators of the first generation do not receive events.
   * An event that is not valid is logged as an error and not sent. {@link TaskContext.emit} sends an event of a task.
   *
   * @param name - 1 to 128 characters out of `A-Z a-z 0-9 _ -`
   * @param payload - a JSON-compatible object. Default: `{}`
   * @param options - priority and metadata of the event. Default: none
   * @throws TypeError for an event that is not valid, with `STRICT_EVENT_VALIDATION=throw`
   * @example
   * worker.emit('model_loaded', { model: 'painter-v1' }, { priority: 5 })
   */
  emit(name: string, payload: object = {}, options: EventOptions = {}): void {
    this.#runtime.emit({ name, payload, options }, this.#lifetime.state)
  }

  addToHotCache(model: string): void {
    this.#runtime.hotCache.add(model)
  }

  removeFromHotCache(model: string): void {
    this.#runtime.hotCache.remove(model)
  }

  /**
   * Adds a listener to an event of the worker. An error of the listener is logged and has no other effect.
   *
   * @param name - the name of an event of {@link WorkerEvents}
   * @returns a function that removes the listener
   * @throws AvtomatikaError `UNKNOWN_EVENT` if there is no such event, `LISTENER` if the listener is not a function
   * @example
   * worker.on('taskFinished', ({ taskName, status, durationMs }) => console.log(taskName, status, durationMs))
   */
  on<E extends keyof WorkerEvents>(name: E, listener: (event: WorkerEvents[E]) => void): () => void {
    return this.#foundation.events.on(name, listener)
  }

  /**
   * Registers the handler of a command that an orchestrator sends over the WebSocket. Needs `WORKER_ENABLE_WEBSOCKETS`.
   * Commands without a handler are logged.
   *
   * @param name - the `command` member of the message; not `cancel_task`, which aborts {@link TaskContext.signal}
   * @param handler - receives the whole message; sync or async; its errors are logged
   * @returns a function that removes the handler
   * @throws AvtomatikaError `DUPLICATE_COMMAND` if the command has a handler, `COMMAND_HANDLER` if an argument is not valid
   * @example
   * worker.onCommand('reload_model', async ({ params }) => reload(params))
   */
  onCommand(name: string, handler: CommandHandler): () => void {
    return this.#runtime.commands.on(name, handler)
  }

  /**
   * Starts the worker. Resolves without waiting for an orchestrator, because orchestrators may start after their workers.
   *
   * @throws StateError if the worker was started before, or has no task
   * @throws ConfigError if another worker uses `WORKER_STATE_DIR`, or if other users can change it. Nothing was started then
   */
  async start(): Promise<void> {
    channel(STARTING).publish(this)
    this.#lifetime.begin()
    try {
      await this.#runtime.start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /**
   * Stops the worker gracefully: it takes no new tasks, waits for running handlers, ends the polls and delivers the results. After
   * `WORKER_SHUTDOWN_TIMEOUT` it aborts handlers that still run, and reports a `TRANSIENT_ERROR` for their tasks. Resolves when the
   * worker has stopped. A second call returns the promise of the first call.
   *
   * @example
   * await worker.stop()
   */
  stop({ pollGraceMs = this.#foundation.settings.shutdownTimeoutMs }: StopOptions = {}): Promise<void> {
    return this.#lifetime.stop(pollGraceMs)
  }

  /**
   * Starts the worker and runs it until SIGINT or SIGTERM. Resolves when the worker has stopped. A second signal ends the
   * graceful shutdown early. If handlers still run then, the process ends a quarter of a second later.
   *
   * While this method runs, an unhandled promise rejection of a handler does not end the process. It is logged and emitted as
   * `strayRejection`. Other rejections keep the behavior of Node. After {@link start}, the application handles all rejections.
   *
   * @throws StateError if the worker was started before, or has no task
   * @throws ConfigError if another worker uses `WORKER_STATE_DIR`, or if other users can change it. Nothing was started then
   */
  async run(): Promise<void> {
    this.#lifetime.refuseStart()
    const steps = {
      start: () => this.start(),
      stop: () => this.stop(),
      hurry: () => this.#lifetime.hurry(),
      stopped: () => this.#lifetime.untilStopped(),
    }
    await runUntilSignal(steps, this.#runtime, this.#foundation.log)
  }

  /**
   * Runs the worker like {@link run}, with a health server on `WORKER_PORT` (default 8083; 0 chooses a free port). The server
   * has the pages `/health`, `/livez`, `/readyz`, `/status`, `/diagnosis` and, unless `WORKER_METRICS` is off, `/metrics`.
   *
   * @throws ConfigError if the port is in use. Nothing was started then
   * @throws StateError if the worker was started before, or has no task
   */
  async runWithHealthCheck(): Promise<void> {
    this.#lifetime.refuseStart(this.#health.isUsed)
    channel(STARTING).publish(this)
    const report = () => ({ ...this.readiness, notAlive: this.#runtime.verdict })
    await this.#health.around(this.#foundation.settings.workerPort, report, this.#reports.page, (port) => {
      this.#foundation.log.info({ port }, 'Health server listens')
      return this.run()
    })
  }

  /** Does the same as {@link stop}, at the end of a block with `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #register(name: string, rest: readonly unknown[]): void {
    this.#lifetime.refuseLateTask(name)
    this.#foundation.registry.add(definitionFrom(name, rest))
    this.#runtime.controls.taskAdded()
  }
}
