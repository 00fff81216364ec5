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
import type { S3Settings } from './settings.js'
import { BlobCache } from './storage/blob-cache.js'
import type { ObjectStore } from './storage/object-store.js'
import { S3Store } from './storage/s3-store.js'
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
import { type Moves, States } from './utils/states.js'
import { after } from './utils/time.js'

/** How a worker is made; each option wins over the configuration. */
export interface WorkerOptions {
  /** Sorts workers in the orchestrator's lists. Default: `WORKER_TYPE`, else `generic-cpu-worker`. */
  workerType?: string
  /** How many tasks run at once. Default: `MAX_CONCURRENT_TASKS`, else 10. */
  maxConcurrentTasks?: number
  /** How many tasks of one type run at once, by type. Default: no limit but the global one. */
  taskTypeLimits?: Readonly<Record<string, number>>
  /** Which models each skill (task name) needs; it is hot once all of them are in the hot cache. Default: none. */
  skillDependencies?: Readonly<Record<string, readonly string[]>>
  /** Everything else. Default: what the environment variables say. */
  config?: WorkerConfig
  /**
   * Where `s3://` values lead to, instead of S3. Default: what the variables `S3_…` say; without them such values are
   * left as they are.
   */
  objectStore?: ObjectStore
  /** Where the worker and its handlers log to. Default: JSON lines on standard output, from `LOG_LEVEL` on. */
  logger?: Logger
}

/** How a worker is stopped. */
export interface StopOptions {
  /**
   * How long the open polls may take to end by themselves, in ms. Default: as long as `WORKER_SHUTDOWN_TIMEOUT`.
   *
   * The orchestrator holds a poll for up to 30 s, and a poll that is called off lives on there: the next task for this
   * worker id goes to it and is lost until the orchestrator's own timeout. Give less only where that cannot hurt.
   */
  pollGraceMs?: number
}

/** Whether a worker takes tasks. */
export interface Readiness {
  readonly ready: boolean
  /** Why not; or what is amiss although tasks can come, such as one of several orchestrators that is away. */
  readonly reason?: string
}

/** AWS itself is used where a region or keys are given and no other store is. */
const s3StoreFor = (s3: S3Settings): ObjectStore | undefined =>
  s3.endpointUrl || s3.region || s3.accessKey ? new S3Store(s3) : undefined

/** The store, with what is kept of it on this machine. */
const cached = (store: ObjectStore | undefined, settings: Settings, log: Logger): ObjectStore | undefined => {
  const { blobCacheDir: folder, blobCacheMaxBytes: maxBytes, s3 } = settings
  if (!store?.stat || folder === undefined) return store
  return new BlobCache({ store, folder, maxBytes, space: s3.endpointUrl ?? '', log })
}

const MOVES: Moves<WorkerState> = {
  created: ['running', 'stopped'],
  running: ['draining'],
  draining: ['stopped'],
  stopped: [],
}

/** The diagnostics channel that tells whoever loaded a module that it starts its worker itself. */
export const STARTING = 'avtomatika-worker:starting'

/** Handlers that outlive the worker get this long before `run` ends the process, in ms. */
const LINGER_MS = 250

/**
 * Takes tasks from an Avtomatika orchestrator, runs your handlers on them and sends the results back.
 *
 * `created`: tasks can be registered · `running`: the loops run · `draining`: nothing new is taken, what runs may end ·
 * `stopped`: for good.
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
  #stopped: Promise<void> | undefined
  #health: HealthServer | undefined

  /** @throws ConfigError that lists everything wrong with options and configuration */
  constructor(options: WorkerOptions = {}) {
    const { config = new WorkerConfig(), logger, objectStore, ...limits } = options
    const { settings, warnings } = resolveSettings(config, limits)
    this.#settings = settings
    this.#log = logger ?? createLogger(settings.logLevel)
    this.#events = new Events((name, error) =>
      this.#log.error({ err: error }, `a listener to "${name}" threw`),
    )
    this.#state = new States('The worker', 'created', MOVES, (from, to) =>
      this.#events.emit('stateChanged', { from, to }),
    )
    this.#runtime = new Runtime({
      settings,
      registry: this.#registry,
      storage: taskStorage(cached(objectStore ?? s3StoreFor(settings.s3), settings, this.#log), settings.s3),
      events: this.#events,
      log: this.#log,
    })
    for (const warning of warnings) this.#log.warn({}, warning)
  }

  /** The name this worker goes by; from `WORKER_ID`, else random. */
  get id(): string {
    return this.#settings.workerId
  }

  get state(): WorkerState {
    return this.#state.now
  }

  /** The port of the health server; `undefined` when there is none. */
  get healthPort(): number | undefined {
    return this.#health?.port
  }

  /** Whether tasks can come at present, and what is amiss. */
  get readiness(): Readiness {
    const trouble = this.#state.now === 'running' ? this.#runtime.trouble : `the worker is ${this.#state.now}`
    const reason = trouble ?? this.#runtime.concern
    return { ready: trouble === undefined, ...(reason !== undefined && { reason }) }
  }

  /** How many results the orchestrators have ignored, by the reason they gave; see `resultIgnored`. */
  get ignoredResults(): ReadonlyMap<string, number> {
    return this.#runtime.ignored
  }

  /**
   * Registers the code for one task name.
   *
   * @param name - what the orchestrator's blueprints call it: 1 to 128 characters out of `A-Z a-z 0-9 _ -`, which every
   * generation of the wire takes
   * @param handler - gets the params and the {@link TaskContext}; sync or async
   * @throws AvtomatikaError `TASK_NAME` when it cannot be called that, `DUPLICATE_TASK` when the name is taken
   * @throws StateError when the worker has been started
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
      throw new StateError(`The task "${name}" is registered too late: the worker is ${this.#state.now}`)
    }
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest
    const { taskType, params, ...described } = options
    this.#registry.add({ name, taskType, params, described, handler })
    return this
  }

  /** Tells the orchestrator that `model` is loaded. */
  addToHotCache(model: string): void {
    this.#runtime.hotCache.add(model)
  }

  /** Tells the orchestrator that `model` is no longer loaded. */
  removeFromHotCache(model: string): void {
    this.#runtime.hotCache.remove(model)
  }

  /**
   * Listens to what happens in the worker.
   *
   * @returns stops listening
   * @example
   * worker.on('taskFinished', ({ taskName, status, durationMs }) => console.log(taskName, status, durationMs))
   */
  on<E extends keyof WorkerEvents>(name: E, listener: (event: WorkerEvents[E]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Listens to a command that the orchestrator sends down the socket; `WORKER_ENABLE_WEBSOCKETS` has to be on. Those that
   * nobody listens to are logged.
   *
   * @param name - what the message has as its `command`; not `cancel_task`, which aborts {@link TaskContext.signal}
   * @param handler - gets the whole message; sync or async; what it throws is logged
   * @returns stops listening
   * @throws AvtomatikaError `DUPLICATE_COMMAND` when somebody listens to it already
   * @example
   * worker.onCommand('reload_model', async ({ params }) => reload(params))
   */
  onCommand(name: string, handler: CommandHandler): () => void {
    return this.#runtime.commands.on(name, handler)
  }

  /**
   * Starts the loops, and does not wait for an orchestrator to answer: it may come up later than its workers.
   *
   * @throws StateError when the worker was started before
   * @throws ConfigError when another process works in `WORKER_STATE_DIR`; nothing has been started then
   */
  async start(): Promise<void> {
    channel(STARTING).publish(this)
    this.#state.move('running')
    for (const warning of limitWarnings(this.#registry.all(), this.#settings.taskTypeLimits)) {
      this.#log.warn({}, warning)
    }
    if (this.#runtime.commands.count > 0 && !this.#settings.websocketsEnabled)
      this.#log.warn({}, 'no command will come: WORKER_ENABLE_WEBSOCKETS is off')
    try {
      await this.#runtime.start()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /**
   * Takes nothing new, lets open polls and running handlers end, delivers the results and closes. What still runs after
   * `WORKER_SHUTDOWN_TIMEOUT` is aborted and reported as a TRANSIENT_ERROR. Resolves when all is over; a second call
   * returns the promise of the first.
   */
  stop({ pollGraceMs = this.#settings.shutdownTimeoutMs }: StopOptions = {}): Promise<void> {
    this.#stopped ??= this.#stop(pollGraceMs)
    return this.#stopped
  }

  /**
   * Starts, and resolves when SIGINT or SIGTERM has been received and the worker has drained; a second signal cuts the
   * draining short. Where handlers have been given up that still run, the process ends a quarter of a second later.
   *
   * The process is the worker's until then: a promise that a handler leaves behind and that rejects does not end it, but
   * is logged and told to listeners of `strayRejection`. Rejections that cannot be a handler's keep what Node does with
   * them. {@link start} leaves all of them to the application.
   */
  async run(): Promise<void> {
    const stopListening = onShutdownSignals(
      (signal) => {
        this.#log.info({ signal }, 'shutting down; a second signal cuts it short')
        void this.stop()
      },
      (signal) => {
        this.#log.warn({ signal }, 'shutting down without waiting')
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
   * As {@link run}, with a health server on `WORKER_PORT` (default 8083; 0 picks a free port): `/health`, `/livez`,
   * `/readyz`.
   *
   * @throws ConfigError when the port is taken; nothing has been started then
   */
  async runWithHealthCheck(): Promise<void> {
    channel(STARTING).publish(this)
    // Only those who ask for it pay for loading it.
    const { startHealthServer } = await import('./health/server.js')
    this.#health = await startHealthServer(this.#settings.workerPort, () => ({
      ...this.readiness,
      verdict: this.#runtime.verdict,
    }))
    this.#log.info({ port: this.#health.port }, 'the health server listens')
    try {
      await this.run()
    } finally {
      await this.#health.close()
      this.#health = undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
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
