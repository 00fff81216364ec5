import { channel } from 'node:diagnostics_channel'
import { resolveSettings, type Settings } from './config/resolve.js'
import { WorkerConfig } from './config/worker-config.js'
import { StateError } from './errors.js'
import { Events, type WorkerEvents, type WorkerState } from './events.js'
import type { CommandHandler } from './execution/commands.js'
import type { HealthServer } from './health/server.js'
import { createLogger } from './logger.js'
import { Runtime } from './runtime/runtime.js'
import { endProcess, onShutdownSignals } from './runtime/shutdown.js'
import { alreadyStarted, WORKER_MOVES } from './runtime/worker-states.js'
import { storeFor } from './storage/store-for.js'
import {
  type Handler,
  type ParamsOf,
  type ParamsSpec,
  type TaskOptions,
  TaskRegistry,
} from './tasks/definition.js'
import { taskStorage } from './tasks/files/task-storage.js'
import { limitWarnings } from './tasks/limit-warnings.js'
import type { Logger } from './utils/logger.js'
import { safeLogger } from './utils/safe-logger.js'
import { StartContext } from './utils/start-context.js'
import { States } from './utils/states.js'
import { after } from './utils/time.js'
import type { Readiness, StopOptions, WorkerOptions } from './worker-options.js'

/** The diagnostics channel that tells the command `run` that a module starts its worker itself. */
export const STARTING = 'avtomatika-worker:starting'

/** How long handlers that were given up may go on before `run` ends the process, in ms. */
const LINGER_MS = 250

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
export class Worker {
  readonly #settings: Settings
  readonly #log: Logger
  readonly #events: Events
  readonly #registry = new TaskRegistry()
  readonly #runtime: Runtime
  readonly #state: States<WorkerState>
  readonly #hurry = new AbortController()
  readonly #context = new StartContext()
  #stopped: Promise<void> | undefined
  #health: HealthServer | undefined
  #hasHealthServer = false

  /** @throws ConfigError that lists all problems of the options and the configuration */
  constructor(options: WorkerOptions = {}) {
    const { config = new WorkerConfig(), logger, objectStore, ...limits } = options
    const { settings, warnings } = resolveSettings(config, limits)
    this.#settings = settings
    this.#log = logger ? safeLogger(logger) : createLogger(settings.logLevel)
    this.#events = new Events(
      (name, error) => this.#log.error({ err: error }, `Listener of "${name}" failed`),
      this.#context,
    )
    this.#state = new States('The worker', 'created', WORKER_MOVES, (from, to) =>
      this.#events.emit('stateChanged', { from, to }),
    )
    this.#runtime = new Runtime({
      settings,
      registry: this.#registry,
      storage: taskStorage(storeFor(settings, this.#log, objectStore), settings.s3),
      events: this.#events,
      log: this.#log,
      context: this.#context,
    })
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
    return this.#health?.port
  }

  /** Whether tasks can come at present, and what is wrong. */
  get readiness(): Readiness {
    const trouble = this.#state.now === 'running' ? this.#runtime.trouble : `the worker is ${this.#state.now}`
    const reason = trouble ?? this.#runtime.concern
    return { ready: trouble === undefined, ...(reason !== undefined && { reason }) }
  }

  /** How many results the orchestrators have ignored, by their reasons; see the event `resultIgnored`. */
  get ignoredResults(): ReadonlyMap<string, number> {
    return this.#runtime.ignored
  }

  /**
   * Registers the handler of one task name.
   *
   * @param name - the name in the orchestrator's blueprints: 1 to 128 characters out of `A-Z a-z 0-9 _ -`
   * @param handler - receives the params and the {@link TaskContext}; sync or async
   * @throws AvtomatikaError `TASK_NAME` if the name is invalid, `DUPLICATE_TASK` if it is taken
   * @throws StateError if the worker has been started
   * @example
   * worker.task('resize', { taskType: 'cpu', params: z.object({ width: z.number() }) }, async ({ width }, { signal }) => {
   *   return { data: { width } }
   * })
   */
  task(name: string, handler: Handler): this
  task<P extends ParamsSpec | undefined = undefined>(
    name: string,
    options: TaskOptions<P>,
    handler: Handler<ParamsOf<P>>,
  ): this
  task(name: string, ...rest: [Handler] | [TaskOptions<ParamsSpec | undefined>, Handler<never>]): this {
    if (this.#state.now !== 'created') {
      throw new StateError(
        `Task "${name}" registered too late: the worker is ${this.#state.now}. Register tasks before start() or run()`,
      )
    }
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
    const { taskType, params, ...described } = options
    this.#registry.add({ name, taskType, params, described, handler })
    return this
  }

  /** Tells the orchestrators that `model` is loaded. */
  addToHotCache(model: string): void {
    this.#runtime.hotCache.add(model)
  }

  /** Tells the orchestrators that `model` is no longer loaded. */
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
    this.#refuseSecondStart()
    this.#context.capture()
    this.#state.move('running')
    for (const warning of limitWarnings(this.#registry.all(), this.#settings.taskTypeLimits)) {
      this.#log.warn({}, warning)
    }
    if (this.#runtime.commands.count > 0 && !this.#settings.websocketsEnabled)
      this.#log.warn(
        {},
        'Command handlers are registered, but no command can come: set WORKER_ENABLE_WEBSOCKETS=true',
      )
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
    this.#refuseSecondStart()
    const stopListening = onShutdownSignals(
      (signal) => {
        this.#log.info({ signal }, 'Shutting down: a second signal cuts it short')
        void this.stop()
      },
      (signal) => {
        this.#log.warn({ signal }, 'Shutting down without waiting')
        this.#hurry.abort()
      },
    )
    const ignoreStrays = this.#runtime.strays.listen()
    try {
      await this.start()
      await this.#untilStopped()
    } finally {
      ignoreStrays()
      stopListening()
    }
    if (this.#runtime.running > 0) after(LINGER_MS, () => endProcess(1))
  }

  /**
   * Runs the worker like {@link run}, with a health server on `WORKER_PORT` (default 8083; 0 picks a free port). It
   * serves `/health`, `/livez` and `/readyz`.
   *
   * @throws ConfigError if the port is taken; nothing is started then
   */
  async runWithHealthCheck(): Promise<void> {
    this.#refuseSecondStart(this.#hasHealthServer)
    channel(STARTING).publish(this)
    this.#hasHealthServer = true
    try {
      // Only workers with a health server pay for loading it.
      const { startHealthServer } = await import('./health/server.js')
      this.#health = await startHealthServer(this.#settings.workerPort, () => ({
        ...this.readiness,
        notAlive: this.#runtime.verdict,
      }))
      this.#log.info({ port: this.#health.port }, 'Health server listens')
      await this.run()
    } finally {
      await this.#health?.close()
      this.#health = undefined
      this.#hasHealthServer = false
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #refuseSecondStart(isStarting = false): void {
    if (isStarting || this.#state.now !== 'created') throw alreadyStarted(this.#state.now)
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

  #untilStopped(): Promise<void> {
    if (this.#state.now === 'stopped') return Promise.resolve()
    return new Promise((resolve) => {
      const stopListening = this.#events.on('stateChanged', ({ to }) => {
        if (to !== 'stopped') return
        stopListening()
        resolve()
      })
    })
  }
}
