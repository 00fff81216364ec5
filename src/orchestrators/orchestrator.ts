import { randomUUID } from 'node:crypto'
import { AuthError, ResponseError, UnknownWorkerError } from '../errors.js'
import { refusal } from '../protocol/answers.js'
import type {
  Command,
  Heartbeat,
  ProgressUpdate,
  Receipt,
  Registration,
  TaskEvent,
  TaskOffer,
  TaskResult,
} from '../protocol/messages.js'
import type { Generation, Protocol, WireRequest } from '../protocol/protocol.js'
import { type Dialect, protocolOf } from '../protocol/select.js'
import type { GenerationChoice } from '../settings.js'
import type { CancelGroup } from '../transport/cancel-group.js'
import type { HttpAnswer } from '../transport/exchange.js'
import type { Transport } from '../transport/http.js'
import { Socket, type SocketListener } from '../transport/websocket.js'
import { monotonicMs } from '../utils/time.js'
import type { Fact, RequestKind } from './health.js'
import { probeDialect } from './probe.js'
import { Requests } from './requests.js'
import { ResultSender } from './result-sender.js'
import { LearnedClock } from './server-clock.js'
import { WorkerToken } from './worker-token.js'

export interface OrchestratorOptions {
  readonly url: string
  readonly workerId: string
  readonly generation: GenerationChoice
  /** Authenticates the worker, and signs what it says. */
  readonly token: string
  /** Whether short-lived tokens authenticate it, where the orchestrator gives any. */
  readonly usesSts?: boolean
  /** None can be had: the token itself is used. */
  readonly onStsTrouble?: (error: Error) => void
  /** Verifies what the orchestrator signs. */
  readonly taskKey?: string | undefined
  readonly transport: Transport
  /** Opens a socket at a path of the orchestrator; an answer is a refusal. */
  readonly dial: (
    path: string,
    token: string,
    listener: SocketListener,
    signal: AbortSignal,
  ) => Promise<Socket | HttpAnswer>
  /** How long the server may hold a poll, margin included, in ms. */
  readonly pollDeadlineMs: number
  /** What each request has shown. */
  readonly onFact?: (kind: RequestKind, fact: Fact) => void
}

/** How often an orchestrator that does not tell by itself is asked whether it still knows this worker. */
const LIVENESS_MS = 45_000

/**
 * One remote orchestrator: says things to it in its generation of the wire, over its own connections and with its
 * own token.
 * Every method throws UnreachableError, ResponseError (AuthError, RateLimitError, UnknownWorkerError) or ProtocolError.
 */
export class Orchestrator {
  readonly url: string
  readonly #options: OrchestratorOptions
  readonly #clock = new LearnedClock()
  readonly #results = new ResultSender(
    () => this.#protocol,
    (request, read) => this.#requests.ask('result', request, read),
  )
  readonly #workerToken: WorkerToken
  readonly #requests: Requests
  #dialect: Dialect
  #protocol: Protocol
  #registration: Registration | undefined
  #livenessAt = 0
  /** Whether it ever showed what it understands, or need not. */
  #isKnown: boolean
  /** Something went wrong since it was last asked who it is. */
  #doubtful: boolean

  constructor(options: OrchestratorOptions) {
    this.url = options.url
    this.#options = options
    const protocol = () => this.#protocol
    const { token, usesSts: isExchanged = false, transport, pollDeadlineMs, onFact } = options
    this.#workerToken = new WorkerToken({
      token,
      isExchanged,
      transport,
      onTrouble: options.onStsTrouble,
      protocol,
    })
    this.#requests = new Requests({
      ...{
        transport,
        token,
        workerToken: this.#workerToken,
        clock: this.#clock,
        protocol,
        pollDeadlineMs,
        onFact,
      },
      onTrouble: () => {
        this.#doubtful = true
        this.suspect()
      },
    })
    this.#isKnown = options.generation !== 'auto'
    this.#doubtful = !this.#isKnown
    this.#dialect = options.generation === 'auto' ? 'rxon' : options.generation
    this.#protocol = this.#speaking(this.#dialect)
  }

  /** The generation of the wire that is spoken here; a guess before the first registration. */
  get generation(): Generation {
    return this.#protocol.generation
  }

  async register(registration: Registration): Promise<void> {
    this.#registration = registration
    await this.#getToKnow('registration')
    await this.#workerToken.keep()
    this.#livenessAt = monotonicMs()
    const { readRegistration } = this.#protocol
    return this.#requests.ask('registration', this.#writeRegistration(registration), readRegistration)
  }

  /**
   * @returns the ids of tasks, or of their jobs, that are cancelled
   * @throws UnknownWorkerError when this worker has to register again
   */
  async heartbeat(heartbeat: Heartbeat): Promise<readonly string[]> {
    // The present one still lasts a while.
    void this.#workerToken.keep()
    if (this.#doubtful && (await this.#getToKnow('heartbeat')))
      this.#requests.failed(
        'heartbeat',
        new UnknownWorkerError(`${this.url} speaks another generation of the wire now`),
      )
    await this.#checkLiveness()
    const { writeHeartbeat, readHeartbeat } = this.#protocol
    if (!this.#registration) throw new UnknownWorkerError('A heartbeat comes after a registration')
    return this.#requests.ask('heartbeat', writeHeartbeat(heartbeat, this.#registration), readHeartbeat)
  }

  /** Whether a failure with this code is not dispatched again. */
  isFinal(code: string): boolean {
    return this.#protocol.finalCodes.has(code)
  }

  /** The id that this worker goes by there. */
  get workerId(): string {
    return this.#options.workerId
  }

  /** How much longer a poll may be held here than it should be, in ms. */
  get extraHoldMs(): number {
    return this.#protocol.extraHoldMs ?? 0
  }

  get takesUsage(): boolean {
    return this.#protocol.takesUsage === true
  }

  /** What of a heartbeat is worth one of its own. */
  urgent(heartbeat: Heartbeat): object {
    return this.#protocol.urgent(heartbeat)
  }

  /** @returns the next task, or `null` when the orchestrator has none */
  poll(cancelGroup: CancelGroup): Promise<TaskOffer | null> {
    const { writePoll, readPoll } = this.#protocol
    return this.#requests.ask('poll', writePoll(this.#options.workerId), readPoll, cancelGroup)
  }

  /** Resolves once the orchestrator has taken the result. */
  deliver(result: TaskResult): Promise<Receipt> {
    const brought = this.#isKnown
      ? this.#bring(result)
      : this.#getToKnow('result').then(() => this.#bring(result))
    return result.workerId === this.#options.workerId ? brought : brought.catch(asItsOwnTrouble)
  }

  #bring(result: TaskResult): Promise<Receipt> {
    const { repeatableMs, writeResult, readResult } = this.#protocol
    if (repeatableMs > 0) return this.#results.deliver(result)
    return this.#requests.ask('result', writeResult(result), readResult)
  }

  /** Whether it understands events at all. */
  get knowsEvents(): boolean {
    return this.#protocol.writeEvent !== undefined
  }

  /** What of an event goes up a socket. */
  writeEvent(event: TaskEvent): string | undefined {
    return this.#protocol.writeEvent?.(event)
  }

  /** Sends what would go up the socket, for a worker that has none. */
  async postEvent(text: string): Promise<void> {
    const { postEvent, readEvent } = this.#protocol
    if (postEvent && readEvent) await this.#requests.ask('event', postEvent(text), readEvent)
  }

  /** Opens the socket for commands and progress. */
  async openSocket(listener: SocketListener, signal: AbortSignal): Promise<Socket> {
    const { workerId, dial } = this.#options
    const { token } = this.#workerToken
    const open = () => dial(this.#protocol.socketPath(workerId), this.#workerToken.token, listener, signal)
    let opened = await open()
    if (!(opened instanceof Socket) && this.#workerToken.isRefused(token, opened)) {
      await this.#workerToken.renew(token)
      opened = await open()
    }
    if (opened instanceof Socket) return opened
    throw refusal('The request for a socket', opened)
  }

  /** `null`: no command. */
  readCommand(text: string): Command | null {
    return this.#protocol.readCommand(text)
  }

  writeProgress(update: ProgressUpdate): string {
    return this.#protocol.writeProgress(update)
  }

  /** How long to keep silent about one kind of request after a refusal, in ms. */
  quietMs(kind: RequestKind): number {
    return this.#requests.quietMs(kind)
  }

  /** Whether requests of this kind are to go one at a time. */
  isLimited(kind: RequestKind): boolean {
    return this.#requests.isLimited(kind)
  }

  /** This worker has not been heard of for a while: the next heartbeat asks first whether it is still known. */
  suspect(): void {
    this.#livenessAt = Number.NEGATIVE_INFINITY
  }

  /** Ends every connection: what is under way fails, and whatever follows goes over new ones. */
  reconnect(): void {
    this.#options.transport.reconnect()
  }

  close(): Promise<void> {
    return this.#options.transport.close()
  }

  #speaking(dialect: Dialect): Protocol {
    const { workerId, token, taskKey } = this.#options
    const makeId = () => randomUUID()
    return protocolOf(dialect, { workerId, token, taskKey, clock: this.#clock, makeId })
  }

  /**
   * @param kind - what is asked of it next: an orchestrator that does not show who it is cannot do that
   * @returns whether it understands something else than was thought
   */
  async #getToKnow(kind: RequestKind): Promise<boolean> {
    if (this.#options.generation !== 'auto') return false
    const { transport } = this.#options
    const dialect = await probeDialect(transport).catch((error: unknown) =>
      this.#requests.failed(kind, error),
    )
    this.#isKnown = true
    this.#doubtful = false
    if (dialect === this.#dialect) return false
    this.#dialect = dialect
    this.#protocol = this.#speaking(dialect)
    return true
  }

  /** What cannot be said to it, it can do nothing about: another orchestrator may do. */
  #writeRegistration(registration: Registration): WireRequest {
    try {
      return this.#protocol.writeRegistration(registration)
    } catch (error) {
      return this.#requests.failed('registration', error)
    }
  }

  async #checkLiveness(): Promise<void> {
    const { writeLivenessCheck, readLivenessCheck } = this.#protocol
    if (!writeLivenessCheck || !readLivenessCheck) return
    if (monotonicMs() - this.#livenessAt < LIVENESS_MS) return
    await this.#requests.ask('heartbeat', writeLivenessCheck(this.#options.workerId), readLivenessCheck)
    this.#livenessAt = monotonicMs()
  }
}

/** That another worker's token is not this one's says nothing about this worker's results. */
const asItsOwnTrouble = (error: unknown): never => {
  throw error instanceof AuthError ? new ResponseError(error.status, error.message) : error
}
