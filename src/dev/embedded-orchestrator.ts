import type { IncomingMessage, ServerResponse } from 'node:http'
import { StateError } from '../errors.js'
import { AllowedHosts } from './access/allowed-hosts.js'
import { ClassicAuth } from './classic-auth.js'
import { DevClock } from './clock.js'
import type { CancelAnswer, DevOrchestrator } from './dev-orchestrator.js'
import { EventListeners, type EventName, type Listener } from './events.js'
import { type OrchestratorFaults, routeOf } from './faults/fault.js'
import { Faults } from './faults/faults.js'
import { buildApp } from './http/app.js'
import { HttpServer } from './http/server.js'
import { completeRequest } from './job-request.js'
import { type DevSettings, type OrchestratorOptions, resolveOptions } from './options.js'
import { PollQueues } from './queue/poll-queues.js'
import { JobRunner } from './run/job-runner.js'
import { ProgressReceiver } from './run/progress-receiver.js'
import { EventReceiver } from './rxon/event-receiver.js'
import { MessageVerifier } from './rxon/message-verifier.js'
import { RxonAuth } from './rxon/rxon-auth.js'
import { Tokens } from './rxon/tokens.js'
import { SocketProtocol } from './socket/socket-protocol.js'
import { Sockets } from './socket/sockets.js'
import { hasEnded, type Job, type JobRequest } from './state/job.js'
import { JobStore } from './state/job-store.js'
import { canTake, type WorkerRecord } from './state/worker.js'
import { WorkerStore } from './state/worker-store.js'
import { Waits } from './waits.js'
import { Activity } from './watch/activity.js'
import { Changes } from './watch/changes.js'
import { Feed } from './watch/feed.js'
import { Overview } from './watch/overview.js'

const DEFAULT_WAIT_MS = 30_000

/**
 * Starts an orchestrator in this process, on a loopback port.
 *
 * @throws ConfigError if an option is wrong, the port is in use, or `host` is no loopback address.
 * @example
 * await using orchestrator = await startOrchestrator({ waitForWorker: true })
 * const job = await orchestrator.createJob({ task: 'echo', params: { x: 1 } })
 * const { state, history } = await orchestrator.waitForJob(job.id)
 */
export const startOrchestrator = (options: OrchestratorOptions = {}): Promise<DevOrchestrator> =>
  startEmbedded(options)

/** Does the same, for the test kit. */
export const startEmbedded = async (options: OrchestratorOptions): Promise<EmbeddedOrchestrator> => {
  const orchestrator = new EmbeddedOrchestrator(resolveOptions(options))
  await orchestrator.listen()
  return orchestrator
}

/** Joins the parts of the embedded orchestrator, and is what its owner calls. */
export class EmbeddedOrchestrator implements DevOrchestrator {
  readonly workerToken: string
  readonly clientToken: string
  readonly #settings: DevSettings
  readonly #listeners = new EventListeners()
  readonly #waits = new Waits()
  readonly #clock = new DevClock()
  readonly #changes = new Changes()
  readonly #activity = new Activity(this.#listeners, this.#changes)
  readonly #queues = new PollQueues<object>(this.#clock, this.#activity)
  readonly #sockets = new Sockets()
  readonly #jobs = new JobStore(this.#listeners)
  readonly #workers: WorkerStore
  readonly #runner: JobRunner
  readonly #feed: Feed
  readonly #http: HttpServer
  readonly #faults: Faults
  #port = 0
  #closed: Promise<void> | undefined

  constructor(settings: DevSettings) {
    this.#settings = settings
    this.workerToken = settings.workerToken
    this.clientToken = settings.clientToken
    this.#workers = new WorkerStore(settings.workerTtlMs, this.#listeners, this.#clock)
    const [clock, activity, changes, listeners] = [
      this.#clock,
      this.#activity,
      this.#changes,
      this.#listeners,
    ]
    const state = { clock, jobs: this.#jobs, workers: this.#workers, queues: this.#queues }
    this.#runner = new JobRunner(settings, state, this.#sockets, activity)
    const tokens = new Tokens(clock)
    const auth = {
      classicAuth: new ClassicAuth(settings, clock),
      rxonAuth: new RxonAuth(settings, tokens, clock),
    }
    const verifier = new MessageVerifier(auth.rxonAuth, clock)
    const progress = new ProgressReceiver(this.#jobs, listeners)
    const receiver = new EventReceiver(verifier, this.#jobs, progress, listeners)
    const overview = new Overview(settings, this.#jobs, this.#workers, activity)
    this.#faults = new Faults({
      clock,
      openResponses: () => this.#http.open,
      forgetWorkers: () => this.forgetWorkers(),
      dropSockets: () => this.#sockets.drop(),
      changed: (fault) => this.#listeners.emit('fault', fault),
    })
    this.#feed = new Feed(changes, overview, activity.rates, this.#faults)
    const page = { activity, changes, overview, feed: this.#feed, faults: this.#faults }
    const parts = {
      settings,
      ...state,
      runner: this.#runner,
      progress,
      ...auth,
      tokens,
      verifier,
      receiver,
      ...page,
    }
    const hosts = new AllowedHosts(settings.host, settings.allowedHosts)
    this.#http = new HttpServer(buildApp(parts), hosts, settings, {
      clock,
      faults: this.#faults,
      answered: (request, response) => this.#answered(request, response),
    })
    this.#sockets.attach(this.#http.server, hosts, new SocketProtocol(parts), this.#faults)
  }

  get faults(): OrchestratorFaults {
    return this.#faults
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    const { host } = this.#settings
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`
  }

  async listen(): Promise<void> {
    this.#port = await this.#http.listen(this.#settings.host, this.#settings.port)
  }

  async createJob(request: JobRequest): Promise<Job> {
    if (this.#closed) throw new StateError('Job not created: the orchestrator is closed')
    return this.#runner.create(completeRequest(request, this.#settings.taskTimeoutMs, this.#clock.wallMs()))
  }

  job(id: string): Job | undefined {
    return this.#jobs.get(id)
  }

  jobs(): readonly Job[] {
    return this.#jobs.list()
  }

  async cancelJob(id: string): Promise<CancelAnswer> {
    const receipt = this.#runner.cancel(id)
    if (receipt === 'unknown_job') throw new StateError(`Job ${id} not cancelled: there is no such job`)
    if (receipt === 'not_waiting' || receipt === 'terminal') {
      throw new StateError(`Job ${id} not cancelled: it is ${this.job(id)?.status}, not waiting for a worker`)
    }
    return `cancellation_request_${receipt}`
  }

  workers(): readonly WorkerRecord[] {
    return this.#workers.live()
  }

  waitForWorker(
    taskName?: string,
    { timeoutMs = DEFAULT_WAIT_MS, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<WorkerRecord> {
    const isFit = (worker: WorkerRecord) =>
      taskName === undefined ? worker.status === 'idle' : canTake(worker, taskName)
    return this.#waits.until({
      what: taskName === undefined ? 'an idle worker' : `an idle worker that offers '${taskName}'`,
      look: () => this.#workers.live().find(isFit),
      watch: (lookAgain) => this.#listeners.on('worker', lookAgain),
      timeoutMs,
      signal,
    })
  }

  async waitForJob(id: string, { timeoutMs = DEFAULT_WAIT_MS }: { timeoutMs?: number } = {}): Promise<Job> {
    if (!this.#jobs.get(id)) throw new StateError(`Job ${id} not awaited: there is no such job`)
    const look = () => {
      const job = this.#jobs.get(id)
      return job && hasEnded(job) ? job : undefined
    }
    const watch = (lookAgain: () => void) => this.#jobs.watch(id, lookAgain)
    return this.#waits.until({ what: `the end of job ${id}`, look, watch, timeoutMs })
  }

  on<Name extends EventName>(event: Name, listener: Listener<Name>): () => void {
    return this.#listeners.on(event, listener)
  }

  advanceClock(ms: number): void {
    this.#clock.advance(ms)
  }

  forgetWorkers(): void {
    this.#workers.clear()
  }

  /** Ends the held polls of a worker whose process is dead. They would take the next tasks with them. */
  endPolls(workerId: string): void {
    this.#queues.release(workerId)
  }

  recordLog(line: string): void {
    this.#activity.recordLog(line)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #answered({ method = '', url = '' }: IncomingMessage, response: ServerResponse): void {
    if (!this.#listeners.has('request')) return
    const path = url.split('?', 1)[0] ?? ''
    const status = response.headersSent ? response.statusCode : undefined
    this.#listeners.emit('request', {
      method,
      path,
      route: routeOf(path),
      status,
      isBroken: this.#faults.hasHit(response),
    })
  }

  async #close(): Promise<void> {
    this.#waits.endAll(new StateError('The orchestrator was closed'))
    this.#faults.close()
    this.#queues.close()
    this.#feed.close()
    await Promise.all([this.#http.close(), this.#sockets.close()])
    this.#runner.close()
  }
}
