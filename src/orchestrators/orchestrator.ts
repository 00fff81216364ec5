import { RateLimitError } from '../errors.js'
import { refusal } from '../protocol/answers.js'
import type {
  Command,
  Heartbeat,
  ProgressUpdate,
  Registration,
  TaskOffer,
  TaskResult,
} from '../protocol/messages.js'
import type { Protocol, WireAnswer, WireRequest } from '../protocol/protocol.js'
import type { HttpAnswer } from '../transport/exchange.js'
import type { Transport } from '../transport/http.js'
import { isLimited, type Pace, passed, quietMs, refused, UNLIMITED } from '../transport/pace.js'
import { Socket, type SocketListener } from '../transport/websocket.js'
import { monotonicMs } from '../utils/time.js'
import { type Fact, factOf, type RequestKind } from './health.js'

export interface OrchestratorOptions {
  readonly url: string
  readonly workerId: string
  readonly protocol: Protocol
  readonly transport: Transport
  /** Opens a socket at a path of the orchestrator; an answer is a refusal. */
  readonly dial: (path: string, listener: SocketListener, signal: AbortSignal) => Promise<Socket | HttpAnswer>
  /** How long the server may hold a poll, margin included, in ms. */
  readonly pollDeadlineMs: number
  /** What each request has shown. */
  readonly onFact?: (kind: RequestKind, fact: Fact) => void
}

/** Anything that is answered at once. */
const CALL_DEADLINE_MS = 15_000

/**
 * One remote orchestrator: says things to it in its generation of the wire, over its own connections and with its
 * own token, and remembers the pace it allows.
 * Every method throws UnreachableError, ResponseError (AuthError, RateLimitError, UnknownWorkerError) or ProtocolError.
 */
export class Orchestrator {
  readonly url: string
  readonly #options: OrchestratorOptions
  readonly #paces: Record<RequestKind, Pace> = {
    registration: UNLIMITED,
    heartbeat: UNLIMITED,
    poll: UNLIMITED,
    result: UNLIMITED,
  }

  constructor(options: OrchestratorOptions) {
    this.url = options.url
    this.#options = options
  }

  register(registration: Registration): Promise<void> {
    const { protocol } = this.#options
    return this.#ask('registration', protocol.writeRegistration(registration), protocol.readRegistration)
  }

  heartbeat(heartbeat: Heartbeat): Promise<void> {
    const { protocol, workerId } = this.#options
    return this.#ask('heartbeat', protocol.writeHeartbeat(workerId, heartbeat), protocol.readHeartbeat)
  }

  /** @returns the next task, or `null` when the orchestrator has none */
  poll(signal: AbortSignal): Promise<TaskOffer | null> {
    const { protocol, workerId } = this.#options
    return this.#ask('poll', protocol.writePoll(workerId), protocol.readPoll, signal)
  }

  /** Resolves once the orchestrator has taken the result. */
  deliver(result: TaskResult): Promise<void> {
    const { protocol } = this.#options
    return this.#ask('result', protocol.writeResult(result), protocol.readResult)
  }

  /** Opens the socket for commands and progress. */
  async openSocket(listener: SocketListener, signal: AbortSignal): Promise<Socket> {
    const { protocol, workerId, dial } = this.#options
    const opened = await dial(protocol.socketPath(workerId), listener, signal)
    if (opened instanceof Socket) return opened
    throw refusal('The request for a socket', opened)
  }

  /** `null`: no command. */
  readCommand(text: string): Command | null {
    return this.#options.protocol.readCommand(text)
  }

  writeProgress(update: ProgressUpdate): string {
    return this.#options.protocol.writeProgress(update)
  }

  /** How long to keep silent about one kind of request after a refusal, in ms. */
  quietMs(kind: RequestKind): number {
    return quietMs(this.#paces[kind], monotonicMs())
  }

  /** Whether requests of this kind are to go one at a time. */
  isLimited(kind: RequestKind): boolean {
    return isLimited(this.#paces[kind], monotonicMs())
  }

  /** Ends every connection: what is under way fails, and whatever follows goes over new ones. */
  reconnect(): void {
    this.#options.transport.reconnect()
  }

  close(): Promise<void> {
    return this.#options.transport.close()
  }

  // The hot path: a chained promise costs less than an async function's, and a plain object less than a spread.
  #ask<T>(
    kind: RequestKind,
    { method, path, body }: WireRequest,
    read: (answer: WireAnswer) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    const deadlineMs = kind === 'poll' ? this.#options.pollDeadlineMs : CALL_DEADLINE_MS
    return this.#options.transport.send({ method, path, body, deadlineMs, signal }).then(
      (answer) => this.#read(kind, read, answer),
      (error: unknown) => this.#failed(kind, error),
    )
  }

  #read<T>(kind: RequestKind, read: (answer: WireAnswer) => T, answer: WireAnswer): T {
    try {
      const product = read(answer)
      const pace = this.#paces[kind]
      if (pace !== UNLIMITED) this.#paces[kind] = passed(pace)
      this.#tell(kind)
      return product
    } catch (error) {
      if (error instanceof RateLimitError) {
        this.#paces[kind] = refused(this.#paces[kind], monotonicMs(), error.retryAfterMs)
      }
      return this.#failed(kind, error)
    }
  }

  #failed(kind: RequestKind, error: unknown): never {
    this.#tell(kind, error)
    throw error
  }

  #tell(kind: RequestKind, error?: unknown): void {
    const fact = factOf(kind, error)
    if (fact) this.#options.onFact?.(kind, fact)
  }
}
