import type { IncomingHttpHeaders } from 'node:http'
import { StateError } from '../errors.js'
import type { CancelAnswer, DevOrchestrator } from './dev-orchestrator.js'
import { type EventName, Events, type Listener } from './events.js'
import { Gate, WORKER_TOKEN_HEADER } from './gate.js'
import { RXON_VERSION_HEADER } from './generation.js'
import { buildApp } from './http/app.js'
import { HttpServer } from './http/server.js'
import { completeRequest } from './job-request.js'
import { type OrchestratorOptions, resolveOptions, type Settings } from './options.js'
import { PollQueues } from './queue/poll-queues.js'
import { JobRunner } from './run/job-runner.js'
import { Door } from './rxon/door.js'
import { EventDesk } from './rxon/event-desk.js'
import { Tokens } from './rxon/tokens.js'
import { type Message, Trust } from './rxon/trust.js'
import { type SocketParts, Sockets } from './socket/sockets.js'
import { readUplink } from './socket/uplink.js'
import { hasEnded, type Job, type JobProgress, type JobRequest } from './state/job.js'
import { JobStore } from './state/job-store.js'
import { canTake, type WorkerRecord } from './state/worker.js'
import { WorkerStore } from './state/worker-store.js'
import { Waits } from './waits.js'

const DEFAULT_WAIT_MS = 30_000

/**
 * Starts an orchestrator in this process, on a loopback port.
 *
 * @throws ConfigError when an option is wrong, the port is taken, or `host` is no loopback address.
 * @example
 * await using orchestrator = await startOrchestrator({ waitForWorker: true })
 * const job = await orchestrator.createJob({ task: 'echo', params: { x: 1 } })
 * const { state, history } = await orchestrator.waitForJob(job.id)
 */
export const startOrchestrator = async (options: OrchestratorOptions = {}): Promise<DevOrchestrator> => {
  const settings = resolveOptions(options)
  const orchestrator = new Orchestrator(settings)
  await orchestrator.listen()
  return orchestrator
}

class Orchestrator implements DevOrchestrator {
  readonly clientToken: string
  readonly #settings: Settings
  readonly #events = new Events()
  readonly #waits = new Waits()
  readonly #queues = new PollQueues<object>()
  readonly #jobs: JobStore
  readonly #workers: WorkerStore
  readonly #runner: JobRunner
  readonly #gate: Gate
  readonly #door: Door
  readonly #desk: EventDesk
  readonly #sockets: Sockets
  readonly #http: HttpServer
  #port = 0
  #closed: Promise<void> | undefined

  constructor(settings: Settings) {
    this.#settings = settings
    this.clientToken = settings.clientToken
    this.#jobs = new JobStore((job) => this.#events.emit('job', job))
    this.#workers = new WorkerStore(settings.workerTtlMs, (worker) => this.#events.emit('worker', worker))
    const tokens = new Tokens()
    this.#gate = new Gate(settings)
    this.#door = new Door({ ...settings, tokens })
    const trust = new Trust((workerId) => this.#door.keyOf(workerId))
    this.#sockets = new Sockets({
      admit: this.#admit,
      onMessage: (workerId, text) => this.#hear(workerId, text),
    })
    const parts = { jobs: this.#jobs, workers: this.#workers, queues: this.#queues }
    this.#runner = new JobRunner({ ...parts, ...settings, sendCancel: this.#sendCancel })
    this.#desk = new EventDesk({
      ...{ trust, jobs: this.#jobs, onProgress: this.#onProgress },
      onEvent: (event) => this.#events.emit('event', event),
    })
    const rxon = { door: this.#door, trust, tokens, events: this.#desk }
    const app = buildApp({ ...parts, ...settings, ...rxon, gate: this.#gate, runner: this.#runner })
    this.#http = new HttpServer(app, settings.generation !== 'classic')
    this.#sockets.attach(this.#http.server)
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
    if (this.#closed) throw new StateError('a job cannot be created: the orchestrator is closed')
    return this.#runner.create(completeRequest(request, this.#settings.taskTimeoutMs))
  }

  job(id: string): Job | undefined {
    return this.#jobs.get(id)
  }

  jobs(): readonly Job[] {
    return this.#jobs.list()
  }

  async cancelJob(id: string): Promise<CancelAnswer> {
    const receipt = this.#runner.cancel(id)
    if (receipt === 'unknown_job') throw new StateError(`job ${id} cannot be cancelled: there is no such job`)
    if (receipt === 'not_waiting' || receipt === 'terminal') {
      throw new StateError(
        `job ${id} cannot be cancelled: it is ${this.job(id)?.status}, not waiting for a worker`,
      )
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
      watch: (lookAgain) => this.#events.on('worker', lookAgain),
      timeoutMs,
      signal,
    })
  }

  async waitForJob(id: string, { timeoutMs = DEFAULT_WAIT_MS }: { timeoutMs?: number } = {}): Promise<Job> {
    if (!this.#jobs.get(id)) throw new StateError(`job ${id} cannot be waited for: there is no such job`)
    const look = () => {
      const job = this.#jobs.get(id)
      return job && hasEnded(job) ? job : undefined
    }
    const watch = (lookAgain: () => void) => this.#jobs.watch(id, lookAgain)
    return this.#waits.until({ what: `the end of job ${id}`, look, watch, timeoutMs })
  }

  on<Name extends EventName>(event: Name, listener: Listener<Name>): () => void {
    return this.#events.on(event, listener)
  }

  forgetWorkers(): void {
    this.#workers.clear()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#waits.endAll(new StateError('the orchestrator was closed'))
    this.#queues.close()
    await Promise.all([this.#http.close(), this.#sockets.close()])
    this.#runner.close()
  }

  readonly #sendCancel = ({ workerId }: WorkerRecord, taskId: string, jobId: string): boolean =>
    this.#sockets.send(workerId, { command: 'cancel_task', task_id: taskId, job_id: jobId })

  #hear(workerId: string, text: string): void {
    const heard = readUplink(text)
    if (heard?.kind === 'progress') this.#onProgress(workerId, heard.jobId, heard.taskId, heard.progress)
    if (heard?.kind === 'signed' && this.#settings.generation !== 'classic') this.#hearSigned(workerId, heard)
  }

  /** Nothing is answered over a socket, whatever is wrong with what was said. */
  #hearSigned(workerId: string, message: Message): void {
    try {
      this.#desk.take(workerId, message)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }

  readonly #onProgress = (workerId: string, jobId: string, taskId: string, progress: JobProgress): void => {
    const isCurrent = this.#runner.takeProgress(workerId, jobId, taskId, progress)
    if (isCurrent) this.#events.emit('progress', { jobId, taskId, workerId, ...progress })
  }

  readonly #admit: SocketParts['admit'] = (headers, path, workerId) => {
    const token = headers[WORKER_TOKEN_HEADER.toLowerCase()] as string | undefined
    if (this.#speaksRxon(headers, workerId)) {
      const visitor = this.#door.open(token, workerId, 'websocket_auth')
      return 'error' in visitor ? { status: visitor.status, answer: visitor.error } : undefined
    }
    const refusal = this.#gate.refusalOf({ token, workerId, countedAs: workerId ?? 'unknown', path })
    return refusal && { status: refusal.status, answer: { error: refusal.error } }
  }

  #speaksRxon(headers: IncomingHttpHeaders, workerId = ''): boolean {
    const { generation } = this.#settings
    if (generation !== 'auto') return generation === 'rxon'
    return (
      headers[RXON_VERSION_HEADER.toLowerCase()] !== undefined ||
      this.#workers.get(workerId)?.generation === 'rxon'
    )
  }
}
