import { randomUUID } from 'node:crypto'
import { AuthError, ResponseError, UnknownWorkerError } from '../errors.js'
import type {
  Heartbeat,
  Receipt,
  Registration,
  TaskOffer,
  TaskResult,
  TraceHeaders,
} from '../protocol/messages.js'
import type { Generation, Protocol, WireRequest } from '../protocol/protocol.js'
import type { Tracing } from '../tracing/tracing.js'
import type { CancelGroup } from '../transport/cancel-group.js'
import { HttpTransport, type Transport } from '../transport/http.js'
import { type HttpProxy, proxyAt } from '../transport/proxy.js'
import type { Socket, SocketListener } from '../transport/websocket.js'
import type { Logger } from '../utils/logger.js'
import { Redactor } from '../utils/redactor.js'
import { monotonicMs } from '../utils/time.js'
import { EstimatedClock } from './estimated-clock.js'
import type { RequestKind } from './health.js'
import type { Link } from './link.js'
import { Liveness } from './liveness.js'
import { ProtocolDetector } from './protocol-detector.js'
import type { RequestStats } from './request-stats.js'
import { type RateLimits, type RequestObserver, Requests } from './requests.js'
import { ResultSender } from './result-sender.js'
import { SocketOpener } from './socket-opener.js'
import { secretsIn, type Target } from './target.js'
import { UnseenTransport } from './unseen-transport.js'
import { WorkerToken } from './worker-token.js'

/** Connections for heartbeats, registrations and events, on top of one poll and one result for each slot. */
const SPARE_CONNECTIONS = 8
const connectionsFor = (maxConcurrentTasks: number): number => 2 * maxConcurrentTasks + SPARE_CONNECTIONS

/**
 * One remote orchestrator: sends requests in the protocol that it understands, over its own connections and with its own
 * token. The methods that send something reject with UnreachableError, ResponseError (AuthError, RateLimitError,
 * UnknownWorkerError) or ProtocolError. Nothing is sent after {@link close}.
 */
export class Orchestrator {
  readonly url: string
  /** The id under which this worker is registered there. */
  readonly workerId: string
  /** The proxy on the way there, without its password. */
  readonly proxy: string | undefined
  /** The rate limits of this orchestrator. */
  readonly limits: RateLimits
  /** How long its requests took. */
  readonly stats: RequestStats
  readonly clock: EstimatedClock
  /** Whether the orchestrator has to be asked if it still knows this worker. */
  readonly liveness = new Liveness()
  readonly #target: Target
  readonly #transport: Transport
  readonly #detector: ProtocolDetector
  readonly #workerToken: WorkerToken
  readonly #requests: Requests
  readonly #results: ResultSender
  readonly #sockets: SocketOpener
  #registration: Registration | undefined

  /**
   * @param observer - learns what each request shows of the orchestrator
   * @param log - gets a warning if short-lived tokens cannot be used
   */
  constructor(target: Target, observer: RequestObserver, log?: Logger) {
    const { workerId, taskMaxAgeMs } = target.settings
    const { url, token, taskKey, generation } = target.target
    const clock = new EstimatedClock()
    this.clock = clock
    const redactor = new Redactor(secretsIn(target.settings))
    this.url = url
    this.workerId = workerId
    const proxy = proxyAt(target.target.proxyUrl)
    this.proxy = proxy?.shown
    this.#target = target
    this.#transport = transportFor(target, proxy, redactor)
    const identity = { workerId, token, taskKey, taskMaxAgeMs, clock, redactor, makeId: randomUUID }
    this.#detector = new ProtocolDetector(this.#transport, identity, generation)
    const { liveness } = this
    const link: Link = { transport: this.#transport, detector: this.#detector, clock, liveness, redactor }
    this.#workerToken = new WorkerToken(target, link, log)
    this.#requests = new Requests(target.settings, link, this.#workerToken, observer)
    this.limits = this.#requests
    this.stats = this.#requests.stats
    this.#results = new ResultSender(this.#detector, this.#requests)
    this.#sockets = new SocketOpener(target, link, this.#workerToken, proxy)
  }

  /**
   * Writes and reads the messages of this orchestrator. May change with each registration and heartbeat if
   * `ORCHESTRATOR_PROTOCOL` is `auto`, so it must not be kept.
   */
  get protocol(): Protocol {
    return this.#detector.protocol
  }

  /** Whether {@link protocol} is configured or was detected. */
  get isProtocolKnown(): boolean {
    return this.#detector.isKnown
  }

  /** How much longer than `pollTimeoutMs` the orchestrator may hold a poll, in ms. */
  get extraHoldMs(): number {
    return this.protocol.extraHoldMs ?? 0
  }

  /** Whether the last registration left the record of an earlier worker as it was. */
  get isProvisional(): boolean {
    return this.#registration?.isHeldOff === true && this.protocol.writeLivenessCheck !== undefined
  }

  /** When a rate limit of more than a minute ends, on the monotonic clock; `-Infinity` without such a limit. */
  get longLimitEndMs(): number {
    return this.#requests.longLimitEndMs
  }

  /** Asks which generation the orchestrator shows, whatever is configured. @throws UnreachableError or ProtocolError */
  shownGeneration(): Promise<Generation> {
    return this.#detector.shownGeneration()
  }

  async register(registration: Registration): Promise<void> {
    this.#registration = registration
    await this.#detect('registration')
    await this.#workerToken.keepFresh()
    this.liveness.confirm()
    if (registration.isHeldOff && (await this.#isKnown())) return
    const { readRegistration } = this.protocol
    return this.#requests.ask('registration', this.#writeRegistration(registration), readRegistration)
  }

  /**
   * @returns the ids of the cancelled tasks, or of their jobs
   * @throws UnknownWorkerError if this worker has to register again
   */
  async heartbeat(heartbeat: Heartbeat): Promise<readonly string[]> {
    // Not awaited: the present token stays valid for a while.
    void this.#workerToken.keepFresh()
    if (this.#detector.isDoubtful) await this.#detectAgain()
    await this.#checkLiveness()
    const { writeHeartbeat, readHeartbeat } = this.protocol
    if (!this.#registration) throw new UnknownWorkerError('Heartbeat not sent: this worker is not registered')
    return this.#requests.ask('heartbeat', writeHeartbeat(heartbeat, this.#registration), readHeartbeat)
  }

  /** @returns the next task, or `null` if the orchestrator has none */
  poll(cancelGroup: CancelGroup): Promise<TaskOffer | null> {
    const { tracing } = this.#target
    // Orchestrators of the first generation ignore the trace of a poll.
    return tracing && this.protocol.generation === 'rxon'
      ? this.#pollTraced(cancelGroup, tracing)
      : this.#pollOnce(cancelGroup)
  }

  /** Resolves when the orchestrator has taken the result. */
  deliver(result: TaskResult): Promise<Receipt> {
    const delivery = this.#detector.isKnown
      ? this.#send(result)
      : this.#ensureKnown().then(() => this.#send(result))
    return result.workerId === this.workerId ? delivery : delivery.catch(withoutAuthError)
  }

  /** Sends a text of `protocol.writeEvent` over HTTP, for a worker without a socket. */
  async postEvent(text: string): Promise<void> {
    const { postEvent, readEvent } = this.protocol
    if (postEvent && readEvent) await this.#requests.ask('event', postEvent(text), readEvent)
  }

  /** Opens the socket for commands and progress. */
  openSocket(listener: SocketListener, signal: AbortSignal): Promise<Socket> {
    return this.#sockets.open(listener, signal)
  }

  /** Makes room for the polls and results of more tasks at once. */
  makeRoomFor(maxConcurrentTasks: number): void {
    this.#transport.grow(connectionsFor(maxConcurrentTasks))
  }

  /** Ends every connection. Requests in flight fail, and later ones use new connections. */
  reconnect(): void {
    this.#transport.reconnect()
  }

  /** Ends every connection for good. Requests in flight fail, and later ones as well. */
  close(): Promise<void> {
    this.#sockets.close()
    this.#workerToken.close()
    return this.#transport.close()
  }

  #pollTraced(cancelGroup: CancelGroup, tracing: Tracing): Promise<TaskOffer | null> {
    return tracing.poll((trace) => this.#pollOnce(cancelGroup, trace))
  }

  #pollOnce(cancelGroup: CancelGroup, trace?: TraceHeaders): Promise<TaskOffer | null> {
    const { writePoll, readPoll } = this.protocol
    return this.#requests.ask('poll', writePoll(this.workerId), readPoll, cancelGroup, trace)
  }

  #send(result: TaskResult): Promise<Receipt> {
    const { tracing } = this.#target
    return tracing ? this.#sendTraced(result, tracing) : this.#sendOnce(result)
  }

  #sendTraced(result: TaskResult, tracing: Tracing): Promise<Receipt> {
    return tracing.settle(result, this.url, (trace) => this.#sendOnce(result, trace))
  }

  #sendOnce(result: TaskResult, trace?: TraceHeaders): Promise<Receipt> {
    const { repeatableMs, writeResult, readResult } = this.protocol
    if (repeatableMs > 0) return this.#results.deliver(result, trace)
    return this.#requests.ask('result', writeResult(result), readResult, undefined, trace)
  }

  /** @param kind - the request that needs the protocol, and fails with the detection */
  #detect(kind: RequestKind): Promise<void> {
    const sentMs = monotonicMs()
    return this.#detector.detect().catch((error: unknown) => this.#requests.failed(kind, error, sentMs))
  }

  #ensureKnown(): Promise<void> {
    return this.#detector.ensureKnown().catch((error: unknown) => this.#requests.failed('result', error))
  }

  /** @throws UnknownWorkerError if the orchestrator needs another registration than it was sent */
  async #detectAgain(): Promise<void> {
    const before = this.protocol
    await this.#detect('heartbeat')
    if (this.protocol === before) return
    this.#requests.failed(
      'heartbeat',
      new UnknownWorkerError(`Protocol of ${this.url} changed: this worker has to register again`),
    )
  }

  /** A registration that this orchestrator can never take counts as a failed request: another orchestrator may take it. */
  #writeRegistration(registration: Registration): WireRequest {
    try {
      return this.protocol.writeRegistration(registration)
    } catch (error) {
      return this.#requests.failed('registration', error)
    }
  }

  /** A registration says `idle`, and a task may come before the first heartbeat. The record of the earlier worker will do. */
  async #isKnown(): Promise<boolean> {
    const { writeLivenessCheck, readLivenessCheck } = this.protocol
    if (!writeLivenessCheck || !readLivenessCheck) return false
    try {
      await this.#requests.ask('registration', writeLivenessCheck(this.workerId), readLivenessCheck)
      return true
    } catch (error) {
      if (error instanceof UnknownWorkerError) return false
      throw error
    }
  }

  async #checkLiveness(): Promise<void> {
    const { writeLivenessCheck, readLivenessCheck } = this.protocol
    if (!writeLivenessCheck || !readLivenessCheck || !this.liveness.isDue) return
    await this.#requests.ask('heartbeat', writeLivenessCheck(this.workerId), readLivenessCheck)
    this.liveness.confirm()
  }
}

const transportFor = (
  { settings, target, tls, tracing }: Target,
  proxy: HttpProxy | undefined,
  redactor: Redactor,
): Transport => {
  const transport = new HttpTransport(
    { url: target.url, tls, proxy, redactor },
    { 'x-worker-token': target.token, 'x-worker-id': settings.workerId },
    connectionsFor(settings.maxConcurrentTasks),
  )
  return tracing ? new UnseenTransport(transport, tracing) : transport
}

/** The token of another worker says nothing about the results of this worker, so its refusal must not stop them. */
const withoutAuthError = (error: unknown): never => {
  throw error instanceof AuthError ? new ResponseError(error.status, error.message) : error
}
