import type { Redactor } from '../utils/redactor.js'
import type {
  Command,
  Heartbeat,
  ProgressUpdate,
  Receipt,
  Registration,
  TaskOffer,
  TaskResult,
  WorkerEvent,
} from './messages.js'

/** The generations of the protocol. */
export type Generation = 'classic' | 'rxon'

/** A request before it is sent. The path starts below the URL of the orchestrator. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PATCH'
  readonly path: string
  readonly body?: string
  /** The worker id to send it for, if that is not this worker's id. */
  readonly onBehalfOf?: string
}

/** A response as it was received. */
export interface WireAnswer {
  readonly status: number
  readonly text: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** If the response exceeds this limit, in bytes, `text` is its start. */
  readonly cutAt?: number
  /** Quotes the response: a peer may send back the secrets that it was sent. Without one, nothing is secret. */
  readonly redactor?: Redactor | undefined
}

/** The clock of the orchestrator, as far as this worker knows it. */
export interface ServerClock {
  /** The present time there, in ms since 1970. */
  nowMs(): number
  /** Converts a time of the orchestrator into a time of this machine. Both are in ms since 1970. */
  toLocalMs(serverMs: number): number
}

/** A token that replaces the configured one for a while. It signs nothing. */
export interface ShortLivedToken {
  readonly token: string
  readonly lifetimeMs: number
  /** Authenticates the request for the next token. */
  readonly refreshToken?: string
}

/** What a protocol needs to know about this worker and one orchestrator. */
export interface Identity {
  readonly workerId: string
  /** Signs the messages of this worker. */
  readonly token: string
  /** Verifies the tasks of the orchestrator; `undefined` if tasks are not verified. */
  readonly taskKey: string | undefined
  /** The most time since a verified task was signed, in ms; `undefined` without a limit. */
  readonly taskMaxAgeMs?: number | undefined
  readonly clock: ServerClock
  /** Quotes messages of the orchestrator that are no responses. */
  readonly redactor?: Redactor | undefined
  /** Returns a new unique id. */
  makeId(): string
}

/**
 * Writes and reads the messages of one generation. Pure: no I/O, no clock. The optional methods are absent if the generation
 * has no such message. The `read…` methods throw a ResponseError, whose subclass tells what to do, or a ProtocolError.
 */
export interface Protocol {
  readonly generation: Generation
  writeRegistration(registration: Registration): WireRequest
  readRegistration(answer: WireAnswer): void
  writeHeartbeat(heartbeat: Heartbeat, registration: Registration): WireRequest
  /** Whether a poll may bring a task from the queue of another worker with the same skill. */
  readonly sharesQueues?: true
  /** Whether heartbeats have {@link Heartbeat.usage}. */
  readonly takesUsage?: true
  /** Returns the part of a heartbeat whose change causes a heartbeat at once. Other changes wait for the interval. */
  urgent(heartbeat: Heartbeat): object
  /** @returns the ids of the cancelled tasks, or of their jobs */
  readHeartbeat(answer: WireAnswer): readonly string[]
  /** Asks whether the orchestrator still knows the worker. Absent if the responses to heartbeats tell. */
  writeLivenessCheck?(workerId: string): WireRequest
  readLivenessCheck?(answer: WireAnswer): void
  writePoll(workerId: string): WireRequest
  /** How much longer than agreed the orchestrator may hold a poll, in ms. */
  readonly extraHoldMs?: number
  /** @returns `null` if the orchestrator has no task */
  readPoll(answer: WireAnswer): TaskOffer | null
  /** @throws UnsendableError if no orchestrator can read the result */
  writeResult(result: TaskResult): WireRequest
  readResult(answer: WireAnswer): Receipt
  /**
   * How long a result without a response can be sent again word for word, in ms. 0 if each request may be written anew.
   * {@link readRepeatedResult} reads the response, because the orchestrator may have taken the first request.
   */
  readonly repeatableMs: number
  readRepeatedResult(answer: WireAnswer): Receipt
  /** The error codes of failures that the orchestrator does not dispatch again. */
  readonly finalCodes: ReadonlySet<string>
  /** Requests a short-lived token (STS). */
  writeTokenRequest?(refreshToken?: string): WireRequest
  readToken?(answer: WireAnswer): ShortLivedToken
  socketPath(workerId: string): string
  writeProgress(update: ProgressUpdate): string
  /** Writes the text of an event for the socket. */
  writeEvent?(event: WorkerEvent): string
  /** Sends the text of an event over HTTP, for a worker without a socket. */
  postEvent?(text: string): WireRequest
  readEvent?(answer: WireAnswer): void
  /** @returns `null` if the text is no command */
  readCommand(text: string): Command | null
}
